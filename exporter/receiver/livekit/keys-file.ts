import { readFile } from 'node:fs/promises';
import { isName, NAME_RULE } from '../../../model/tenant.ts';
import { parseJsonText } from '../../kit/json-text.ts';
import { errorClass } from '../../store/errors.ts';
import type { LiveKitKey } from './keys.ts';

const FIELDS = ['key', 'secret', 'tenant'];
const MAX_KEYS = 1_000;

/** A file of keys that is refused. The message names file, entry and field, and quotes nothing of what is in it. */
class KeysFileError extends Error {
  override name = 'KeysFileError';
  readonly code = 'EARSHOT_KEYS_FILE';
}

/**
 * The keys of a file: a JSON list of `{ "key": …, "secret": …, "tenant": … }`, the tenant optional.
 * @throws KeysFileError
 */
export async function readKeys(file: string): Promise<readonly LiveKitKey[]> {
  let entries: unknown;
  try {
    entries = parseJsonText(await readFile(file, 'utf8'));
  } catch (error) {
    const problem = error instanceof SyntaxError ? error.message : `cannot be read (${errorClass(error)})`;
    throw new KeysFileError(`${file}: ${problem}`);
  }
  if (!Array.isArray(entries) || entries.length === 0 || entries.length > MAX_KEYS)
    throw new KeysFileError(`${file}: expected a list of 1 to ${MAX_KEYS} keys`);
  const keys = entries.map((entry, index) => keyIn(entry, `${file}: entry ${index + 1}`));
  const twice = keys.findIndex(({ key }, index) => keys.findIndex((other) => other.key === key) < index);
  if (twice >= 0)
    throw new KeysFileError(`${file}: entry ${twice + 1}, key: is that of another entry already`);
  return keys;
}

function keyIn(entry: unknown, where: string): LiveKitKey {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
    throw new KeysFileError(`${where}: expected an object`);
  // Not by its name: it may be the secret.
  if (Object.keys(entry).some((field) => !FIELDS.includes(field)))
    throw new KeysFileError(`${where}: has a field that is none of ${FIELDS.join(', ')}`);
  const { key, secret, tenant } = entry as Readonly<Record<string, unknown>>;
  if (typeof key !== 'string' || key === '') throw new KeysFileError(`${where}, key: expected a text`);
  if (typeof secret !== 'string' || secret === '')
    throw new KeysFileError(`${where}, secret: expected a text`);
  if (tenant === undefined) return { key, secret };
  if (!isName(tenant)) throw new KeysFileError(`${where}, tenant: expected ${NAME_RULE}`);
  return { key, secret, tenant };
}
