import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import type { UsageError } from './command.ts';

/** What an option names is limits, figures or latencies: a hundred thousand of them are smaller. */
const MOST_MIB = 16;

/**
 * The text of a file that an option names.
 *
 * @param failed - the error for a file that cannot be read, from the reason, such as `ENOENT`
 * @throws UsageError for a pipe or a device, which may have no end, and for a file larger than 16 MiB.
 */
export function readSmallFile(file: string, failed: (reason: string) => UsageError): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw failed(String((error as NodeJS.ErrnoException).code));
  }
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile()) throw failed('it is no regular file');
    if (status.size > MOST_MIB * 2 ** 20) throw failed(`it is larger than ${MOST_MIB} MiB`);
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}
