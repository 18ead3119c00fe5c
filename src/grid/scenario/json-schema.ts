/** The schema of scenario files for editors (JSON Schema 2020-12), made from the schema that checks them. */

import { z } from 'zod';
import { scenarioSchema } from './schema.ts';

/**
 * A plain JSON value. A file that extends another one may leave out any key of the first two levels, so these are required
 * only without `extends`. Not in it: what depends on several values, such as shares that add up to 100 %.
 */
export function scenarioJsonSchema(): Readonly<Record<string, unknown>> {
  const { $schema, properties = {}, required, ...rest } = z.toJSONSchema(scenarioSchema, { io: 'input' });
  const relaxed: Record<string, unknown> = {};
  const requiredInside: Record<string, unknown> = {};
  for (const [key, part] of Object.entries(properties)) {
    if (typeof part === 'boolean') continue;
    const { required: inside, ...others } = part;
    relaxed[key] = others;
    if (inside !== undefined) requiredInside[key] = { required: inside };
  }
  return {
    $schema,
    title: 'Meterstorm scenario',
    ...rest,
    properties: relaxed,
    if: { not: { required: ['extends'] } },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { required, properties: requiredInside },
  };
}

/** The schema as the text of its file. */
export function scenarioJsonSchemaText(): string {
  return `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`;
}
