import { base64Bytes } from '../base64.ts';
import { parseJson } from '../json.ts';
import { type Foreign, foreign } from '../patch.ts';
import type { Sound } from '../recording/recorder.ts';

/** Text of a control message; what is longer is audio in an unusual layout, or no carrier's. */
const MAX_CONTROL_LENGTH = 65_536;
const MEDIA_PREFIX = Buffer.from('{"event":"media"');
/** How audio calls itself in JSON that no one has spaced out. A string cannot hold it: its quotes are escaped there. */
const MEDIA_KEYS = ['"event":"media"', '"event":"playAudio"'] as const;
const BRACE = 0x7b;

/** A message of a media stream, other than audio. */
export interface StreamEvent extends Foreign {
  readonly event: string;
}

/**
 * Reads a message of either direction. Audio is recognised by its text, as 50 of them come a second; in another layout it
 * is parsed. Undefined for what is not such a message.
 */
export function readEvent(data: unknown): StreamEvent | 'media' | undefined {
  if (Buffer.isBuffer(data)) {
    if (isMedia(data)) return 'media';
    return data.length > MAX_CONTROL_LENGTH ? undefined : parse(data.toString('utf8'));
  }
  if (typeof data === 'string')
    return MEDIA_KEYS.some((key) => data.includes(key))
      ? 'media'
      : data.length > MAX_CONTROL_LENGTH
        ? undefined
        : parse(data);
  if (Array.isArray(data)) return readEvent(joined(data));
  if (data instanceof ArrayBuffer) return readEvent(Buffer.from(data));
  return data instanceof Uint8Array
    ? readEvent(Buffer.from(data.buffer, data.byteOffset, data.byteLength))
    : undefined;
}

function isMedia(data: Buffer): boolean {
  if (data.length < MEDIA_PREFIX.length || data[0] !== BRACE) return false;
  for (let i = 0; data[i] === MEDIA_PREFIX[i]; i++) if (i === MEDIA_PREFIX.length - 1) return true;
  // Some carriers put other keys first.
  return MEDIA_KEYS.some((key) => data.indexOf(key, 0, 'latin1') > 0);
}

function parse(json: string): StreamEvent | 'media' | undefined {
  // Not every socket speaks JSON; a throw for each of their messages would be expensive.
  const given = json.startsWith('{') ? parseJson(json) : undefined;
  // Of Vonage's, what the application sends is an `action`; some logs of SignalWire have the message one level down.
  const inner = foreign(given?.rawEvent);
  const message = typeof given?.event === 'string' ? given : typeof inner?.event === 'string' ? inner : given;
  const event = message?.event ?? message?.action;
  if (typeof event !== 'string') return undefined;
  return event === 'media' || event === 'playAudio' ? 'media' : { ...message, event };
}

/** Where the base64 of a message of audio stands. Nothing is parsed, decoded or copied of a text. */
export interface Payload {
  /** The message. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** The audio of a JSON message of either direction; undefined for any other message. */
export function payloadOf(data: unknown): Payload | undefined {
  if (Array.isArray(data)) return payloadOf(joined(data));
  if (data instanceof ArrayBuffer) return payloadOf(new Uint8Array(data));
  if (data instanceof Uint8Array) return payloadOf(decode(data));
  if (typeof data !== 'string') return undefined;
  const key = data.indexOf('"payload"');
  if (key < 0 || !data.includes('"media"')) return undefined;
  const start = data.indexOf('"', key + 9) + 1;
  const end = start === 0 ? -1 : data.indexOf('"', start);
  return end < 0 ? undefined : { text: data, start, end };
}

/** How many bytes of audio there are. */
export const payloadBytes = ({ text, start, end }: Payload): number => base64Bytes(text, start, end);

/** Whether the base64 begins so. */
export const payloadStarts = ({ text, start }: Payload, what: string): boolean =>
  text.startsWith(what, start);

/** What of a message is about its audio holds this text: the part in front of the base64, or behind it. */
export function says({ text, start, end }: Payload, what: string): boolean {
  const at = text.indexOf(what);
  if (at < 0) return false;
  return at < start || at > end || text.indexOf(what, end) > 0;
}

/** The sound of a JSON message of mu-law at 8 kHz, of either direction. */
export function soundOf(data: unknown): Sound | undefined {
  const payload = payloadOf(data);
  if (payload === undefined) return undefined;
  const { text, start, end } = payload;
  const timestamp = TIMESTAMP.exec(text.slice(0, HEAD_CHARACTERS))?.[1];
  return {
    bytes: Buffer.from(text.slice(start, end), 'base64'),
    isAgents: text.includes('"track":"outbound"'),
    ...(timestamp !== undefined && { sinceMs: Number(timestamp) }),
  };
}

/** Bytes that a message takes while it waits. */
export function sizeOf(data: unknown): number {
  if (typeof data === 'string') return data.length;
  if (Array.isArray(data)) return data.reduce((sum: number, part) => sum + sizeOf(part), 0);
  return data instanceof Uint8Array || data instanceof ArrayBuffer ? data.byteLength : 0;
}

/** Milliseconds of the stream; longer ones are milliseconds since 1970, which say nothing of the stream's beginning. */
const TIMESTAMP = /"timestamp":"?(\d{1,12})(?!\d)/;
/** Of a frame of the caller, which is short. */
const HEAD_CHARACTERS = 4_096;

const joined = (parts: readonly unknown[]): Buffer =>
  Buffer.concat(parts.filter((part) => part instanceof Uint8Array));

const decode = (data: Uint8Array): string =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1');
