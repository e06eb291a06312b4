import { readFile, stat } from 'node:fs/promises';
import { Alarm } from '../kit/alarm.ts';
import { errorClass } from '../store/errors.ts';
import { Tokens } from './door/tokens.ts';
import { parseTokens, TokensFileError } from './door/tokens-file.ts';
import type { Log } from './log.ts';

const LOOK_EVERY_MS = 2_000;
/** A longer one is not a list of tokens. */
const MAX_BYTES = 4 << 20;
const READABLE_BY_OTHERS = 0o007;

export interface WatchedTokensOptions {
  file: string;
  /** One more token, without name and tenant. */
  authToken?: string | undefined;
  log: Log;
  /** Between two looks at the file, in milliseconds. (Default: 2000 ms.) */
  everyMs?: number;
}

export interface WatchedTokens {
  readonly tokens: Tokens;
  /** Looks no more. */
  stop(): void;
}

/**
 * The tokens of a file, read again when it changes, by whatever means: the file is looked at, not listened to, so that
 * links which are pointed elsewhere (Kubernetes) count. A file that cannot be used changes nothing and is said once.
 * Keeps no process alive.
 * @throws TokensFileError when it cannot be used to begin with.
 */
export async function watchTokens(options: WatchedTokensOptions): Promise<WatchedTokens> {
  const { file, authToken, log, everyMs = LOOK_EVERY_MS } = options;
  const tokens = new Tokens([]);
  let current: string | undefined;
  /** Whether there is another text than the one that counts. */
  const read = async (): Promise<boolean> => {
    const text = await textOf(file, log);
    if (text === current) return false;
    const known = parseTokens(text, file);
    tokens.replace([...known, ...(authToken === undefined ? [] : [{ token: authToken }])]);
    current = text;
    return true;
  };
  // Before it is read: a change in between is seen at the next look.
  let seen = await signatureOf(file);
  await read();
  const look = async (): Promise<void> => {
    const signature = await signatureOf(file);
    if (signature !== seen) {
      seen = signature;
      try {
        // A file that is written in place is seen to change twice: emptied, and filled.
        if (await read()) log.info('the tokens have changed');
      } catch (error) {
        const problem = error instanceof TokensFileError ? error.message : errorClass(error);
        log.error('the new tokens cannot be used: those of before stay', { problem });
      }
    }
    alarm.after(everyMs);
  };
  const alarm = new Alarm(() => void look());
  alarm.after(everyMs);
  return { tokens, stop: () => alarm.stop() };
}

/** Another one when the file has changed; the reason when it cannot be seen. */
async function signatureOf(file: string): Promise<string> {
  try {
    const { mtimeMs, ctimeMs, size, ino } = await stat(file);
    return [mtimeMs, ctimeMs, size, ino].join();
  } catch (error) {
    return errorClass(error);
  }
}

async function textOf(file: string, log: Log): Promise<string> {
  try {
    const { size, mode } = await stat(file);
    if (size > MAX_BYTES)
      throw new TokensFileError(file, '', `saw ${size} bytes, expected no more than ${MAX_BYTES}`);
    if (process.getuid !== undefined && (mode & READABLE_BY_OTHERS) !== 0)
      log.warn('the file of tokens is open to other users of this machine: take their rights (chmod o=)', {
        file,
      });
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof TokensFileError) throw error;
    throw new TokensFileError(file, '', `cannot be read (${errorClass(error)})`);
  }
}
