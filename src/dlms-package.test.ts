/** The library as its user gets it: the built package, by its name. Needs `npm run build`. */

import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { packageFile } from './base/package-root.ts';

const PROGRAM = `
  import { ClientAssociation, connect, DlmsError, listen, ObjectCatalogue } from 'meterstorm/dlms';
  const refused = await connect({ host: '127.0.0.1', port: 1 }).catch((error) => error);
  console.log(JSON.stringify([refused instanceof DlmsError, refused.code, typeof ClientAssociation, typeof listen, typeof ObjectCatalogue]));
`;

it('is imported by its name', async () => {
  const stdout = await new Promise<string>((resolve, reject) => {
    const options = { cwd: dirname(packageFile('package.json')) };
    execFile(process.execPath, ['--input-type=module', '--eval', PROGRAM], options, (error, out) => (error === null ? resolve(out) : reject(error)));
  });
  expect(JSON.parse(stdout)).toEqual([true, 'unreachable', 'function', 'function', 'function']);
});
