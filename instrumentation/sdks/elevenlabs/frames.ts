import { decodedBytes } from '../kit/base64.ts';
import { parseJson } from '../kit/json.ts';
import { type Foreign, text } from '../kit/patch.ts';

/** What a message of the synthesis socket says. */
export interface SpeechFrame {
  /** Of a socket that carries several syntheses: which one. */
  readonly contextId: string | undefined;
  /** Bytes of audio in it. */
  readonly audioBytes: number;
  /** Nothing more comes of this synthesis. */
  readonly final: boolean;
  /** Class of the error, when the server reports one. */
  readonly error: string | undefined;
}

const AUDIO = Buffer.from('"audio"');
const FINAL = [Buffer.from('"isFinal"'), Buffer.from('"is_final"')];
const CONTEXT = [Buffer.from('"contextId"'), Buffer.from('"context_id"')];
const QUOTE = 0x22;
const PADDING = 0x3d;
const SPACE = 0x20;
const COLON = 0x3a;
const TRUE = 0x74;

/**
 * Reads a message of the server. Audio is not decoded, and its message not parsed: the base64 text is found by its key,
 * and what else is looked for lies behind it or in front of it.
 *
 * @param named Whether the socket carries several syntheses, whose messages name them.
 */
export function readFrame(data: unknown, named: boolean): SpeechFrame | undefined {
  const bytes = toBuffer(data);
  if (!bytes) return undefined;
  const start = valueAt(bytes, bytes.indexOf(AUDIO), AUDIO.length);
  if (bytes[start] !== QUOTE) return parse(bytes);
  const end = bytes.indexOf(QUOTE, start + 1);
  if (end < 0) return undefined;
  const padding = bytes[end - 1] !== PADDING ? 0 : bytes[end - 2] === PADDING ? 2 : 1;
  return {
    contextId: named ? find(bytes, CONTEXT, start, end, (at) => quoted(bytes, at)) : undefined,
    audioBytes: decodedBytes(end - start - 1, padding),
    final: find(bytes, FINAL, start, end, (at) => bytes[at] === TRUE || undefined) ?? false,
    error: undefined,
  };
}

/** Looks for a key outside of the audio, which lies between `start` and `end`. */
function find<T>(
  bytes: Buffer,
  keys: readonly Buffer[],
  start: number,
  end: number,
  read: (at: number) => T | undefined,
): T | undefined {
  for (const key of keys) {
    let at = bytes.indexOf(key, end);
    // What stands in front of the audio is short: the search does not get far into it.
    if (at < 0) at = bytes.subarray(0, start).indexOf(key);
    if (at >= 0) return read(valueAt(bytes, at, key.length));
  }
  return undefined;
}

/** Where the value of the key at `at` begins. */
function valueAt(bytes: Buffer, at: number, keyLength: number): number {
  if (at < 0) return -1;
  let value = at + keyLength;
  while (bytes[value] === SPACE || bytes[value] === COLON) value++;
  return value;
}

function quoted(bytes: Buffer, start: number): string | undefined {
  if (bytes[start] !== QUOTE) return undefined;
  const end = bytes.indexOf(QUOTE, start + 1);
  return end < 0 ? undefined : bytes.toString('utf8', start + 1, end);
}

/** A message without audio: the end of a synthesis, or an error. */
function parse(bytes: Buffer): SpeechFrame | undefined {
  const message = parseJson(bytes.toString('utf8'));
  if (!message) return undefined;
  const { error, code } = message;
  const failed = error !== undefined && error !== null;
  return {
    contextId: contextIdOf(message),
    audioBytes: 0,
    final: message.isFinal === true || message.is_final === true,
    error: failed ? (text(error) ?? (typeof code === 'number' ? String(code) : 'error')) : undefined,
  };
}

/** The name of a synthesis in a message of either side. */
export const contextIdOf = (message: Foreign): string | undefined =>
  text(message.context_id) ?? text(message.contextId);

function toBuffer(data: unknown): Buffer | undefined {
  if (Buffer.isBuffer(data)) return data;
  if (typeof data === 'string') return Buffer.from(data);
  if (Array.isArray(data)) return Buffer.concat(data.filter((part) => part instanceof Uint8Array));
  if (data instanceof ArrayBuffer) return Buffer.from(data);
  return undefined;
}
