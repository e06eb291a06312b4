import { isName, NAME_RULE } from '../../../model/tenant.ts';
import { parseJsonText } from '../../kit/json-text.ts';
import type { KnownToken } from './tokens.ts';

/** A token that can be tried from elsewhere must not be guessable. */
export const MIN_TOKEN_CHARACTERS = 16;
/** Each request is compared with all of them. */
const MAX_TOKENS = 1_000;
const MAX_TOKEN_CHARACTERS = 1_024;
const FIELDS = ['name', 'token', 'tenant'];

/** A file of tokens that is refused. The message names file, entry and field, and quotes nothing of what is in it. */
export class TokensFileError extends Error {
  override name = 'TokensFileError';
  readonly code = 'EARSHOT_TOKENS_FILE';

  constructor(file: string, where: string, problem: string) {
    super([file, where, problem].filter((part) => part !== '').join(': '));
  }
}

/**
 * The tokens of a file: a JSON list of `{ "name": …, "token": …, "tenant": … }`, the tenant optional. Fields that are none
 * of these are refused: a misspelt tenant would be no tenant.
 * @param file - its name, for errors
 * @throws TokensFileError
 */
export function parseTokens(text: string, file: string): readonly KnownToken[] {
  const entries = contentOf(text, file);
  if (!Array.isArray(entries)) throw new TokensFileError(file, '', 'expected a list of tokens');
  if (entries.length === 0 || entries.length > MAX_TOKENS)
    throw new TokensFileError(file, '', `saw ${entries.length} tokens, expected 1 to ${MAX_TOKENS}`);
  const tokens = entries.map((entry, index) => parseEntry(entry, file, `entry ${index + 1}`));
  for (const field of ['name', 'token'] as const) refuseTwice(tokens, field, file);
  return tokens;
}

function contentOf(text: string, file: string): unknown {
  try {
    return parseJsonText(text);
  } catch (error) {
    throw new TokensFileError(file, '', (error as Error).message);
  }
}

function parseEntry(entry: unknown, file: string, where: string): KnownToken {
  const refuse = (field: string, problem: string): never => {
    throw new TokensFileError(file, `${where}${field === '' ? '' : `, ${field}`}`, problem);
  };
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
    return refuse('', 'expected an object');
  // Not by its name: it may be the token.
  if (Object.keys(entry).some((field) => !FIELDS.includes(field)))
    refuse('', `has a field that is none of ${FIELDS.join(', ')}`);
  const { name, token, tenant } = entry as Readonly<Record<string, unknown>>;
  if (!isName(name)) return refuse('name', `expected ${NAME_RULE}`);
  if (typeof token !== 'string') return refuse('token', 'expected a text');
  if (!/^[\x21-\x7e]*$/.test(token)) refuse('token', 'expected visible ASCII characters without spaces');
  if (token.length < MIN_TOKEN_CHARACTERS || token.length > MAX_TOKEN_CHARACTERS)
    refuse(
      'token',
      `saw ${token.length} characters, expected ${MIN_TOKEN_CHARACTERS} to ${MAX_TOKEN_CHARACTERS}`,
    );
  if (tenant === undefined) return { name, token };
  return isName(tenant) ? { name, token, tenant } : refuse('tenant', `expected ${NAME_RULE}`);
}

function refuseTwice(tokens: readonly KnownToken[], field: 'name' | 'token', file: string): void {
  const seen = new Map<string | undefined, number>();
  for (const [index, entry] of tokens.entries()) {
    const first = seen.get(entry[field]);
    if (first !== undefined)
      throw new TokensFileError(
        file,
        `entry ${index + 1}, ${field}`,
        `is that of entry ${first} already, expected another`,
      );
    seen.set(entry[field], index + 1);
  }
}
