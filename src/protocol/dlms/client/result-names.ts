/** Data-access-results and action-results for people: `object undefined (4)`. */

import { ActionResult, DataAccessResult } from '../apdu/results.ts';

export function dataAccessResultName(result: number): string {
  return nameIn(DATA_ACCESS, result);
}

export function actionResultName(result: number): string {
  return nameIn(ACTION, result);
}

const DATA_ACCESS = namesOf(DataAccessResult);
const ACTION = namesOf(ActionResult);

function namesOf(results: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(results).map(([name, code]) => [code, name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)]));
}

function nameIn(names: ReadonlyMap<number, string>, result: number): string {
  return `${names.get(result) ?? 'unknown result'} (${result})`;
}
