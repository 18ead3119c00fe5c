/**
 * Seals what intakes left open, whatever their number: for whoever starts the intakes, before the first one runs. An intake
 * does it for its own number alone, so files of a number that is not used any more would wait for ever.
 */

import { type BufferFiles, type FileFault, isFault } from './buffer-files.ts';
import { type BufferName, bufferFileName, parseBufferName } from './buffer-name.ts';

/** No intake may be running. */
export function sealOpenFiles(files: BufferFiles, done: (fault: FileFault | null) => void): void {
  files.list((entries) => {
    if (isFault(entries)) {
      done(entries);
      return;
    }
    const names = entries.map((entry) => parseBufferName(entry.name));
    sealEach(files, names.filter((name) => name?.state === 'open'), done);
  });
}

function sealEach(files: BufferFiles, names: readonly (BufferName | null)[], done: (fault: FileFault | null) => void): void {
  const [name, ...rest] = names;
  if (name === undefined || name === null) {
    done(null);
    return;
  }
  const { intake, number } = name;
  files.rename(bufferFileName(intake, number, 'open'), bufferFileName(intake, number, 'sealed'), (fault) => {
    if (fault === null) sealEach(files, rest, done);
    else done(fault);
  });
}
