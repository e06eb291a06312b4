import { base64Bytes } from '../kit/base64.ts';
import { parseJson } from '../kit/json.ts';
import type { Foreign } from '../kit/patch.ts';
import type { Sound } from '../kit/recording/recorder.ts';

/** Mulaw at 8 kHz, the only format of a media stream: one byte a sample. */
const BYTES_PER_MS = 8;
/** Text of a control message; what is longer is audio in an unusual layout, or not Twilio's. */
const MAX_CONTROL_LENGTH = 65_536;
const MEDIA_PREFIX = Buffer.from('{"event":"media"');

/** A message of the media stream protocol, other than audio. */
export interface StreamEvent extends Foreign {
  readonly event: string;
}

/**
 * Reads a message of either direction. Audio is recognised by how its text begins, as 50 of them come a second; in
 * another layout it is parsed. Undefined for what is not such a message.
 */
export function readEvent(data: unknown): StreamEvent | 'media' | undefined {
  if (Buffer.isBuffer(data)) {
    if (startsWithMedia(data)) return 'media';
    return data.length > MAX_CONTROL_LENGTH ? undefined : parse(data.toString('utf8'));
  }
  if (typeof data === 'string')
    return data.startsWith('{"event":"media"')
      ? 'media'
      : data.length > MAX_CONTROL_LENGTH
        ? undefined
        : parse(data);
  if (Array.isArray(data)) return readEvent(Buffer.concat(data.filter((part) => part instanceof Uint8Array)));
  if (data instanceof ArrayBuffer) return readEvent(Buffer.from(data));
  return data instanceof Uint8Array
    ? readEvent(Buffer.from(data.buffer, data.byteOffset, data.byteLength))
    : undefined;
}

function startsWithMedia(data: Buffer): boolean {
  if (data.length < MEDIA_PREFIX.length) return false;
  for (let i = 0; i < MEDIA_PREFIX.length; i++) if (data[i] !== MEDIA_PREFIX[i]) return false;
  return true;
}

function parse(json: string): StreamEvent | 'media' | undefined {
  // Not every socket speaks JSON; a throw for each of their messages would be expensive.
  const message = json.startsWith('{') ? parseJson(json) : undefined;
  if (typeof message?.event !== 'string') return undefined;
  return message.event === 'media' ? 'media' : (message as StreamEvent);
}

/**
 * How long the audio of an outgoing `media` message lasts, in milliseconds; undefined for any other message. The text
 * is not parsed: the payload is found by its key, wherever the application has put it.
 */
export function mediaMilliseconds(data: unknown): number | undefined {
  if (typeof data !== 'string')
    return data instanceof Uint8Array ? mediaMilliseconds(decode(data)) : undefined;
  const [start, end] = payloadOf(data);
  if (end < 0) return undefined;
  return base64Bytes(data, start, end) / BYTES_PER_MS;
}

/** The sound of a `media` message, of either direction. */
export function soundOf(data: unknown): Sound | undefined {
  if (Array.isArray(data)) return soundOf(Buffer.concat(data.filter((part) => part instanceof Uint8Array)));
  if (data instanceof ArrayBuffer) return soundOf(new Uint8Array(data));
  if (data instanceof Uint8Array) return soundOf(decode(data));
  if (typeof data !== 'string') return undefined;
  const [start, end] = payloadOf(data);
  if (end < 0) return undefined;
  const timestamp = TIMESTAMP.exec(data.slice(0, HEAD_CHARACTERS))?.[1];
  return {
    bytes: Buffer.from(data.slice(start, end), 'base64'),
    isAgents: data.includes('"track":"outbound"'),
    ...(timestamp !== undefined && { sinceMs: Number(timestamp) }),
  };
}

/** Bytes that a message takes while it waits. */
export function sizeOf(data: unknown): number {
  if (typeof data === 'string') return data.length;
  if (Array.isArray(data)) return data.reduce((sum: number, part) => sum + sizeOf(part), 0);
  return data instanceof Uint8Array || data instanceof ArrayBuffer ? data.byteLength : 0;
}

const TIMESTAMP = /"timestamp":"?(\d{1,12})/;
/** Of a frame of the caller, which is short. */
const HEAD_CHARACTERS = 4_096;

/** Where the base64 of a message begins and ends; an end below 0: there is none. */
function payloadOf(data: string): readonly [start: number, end: number] {
  const key = data.indexOf('"payload"');
  if (key < 0 || !data.includes('"media"')) return [0, -1];
  const start = data.indexOf('"', key + 9) + 1;
  return start === 0 ? [0, -1] : [start, data.indexOf('"', start)];
}

const decode = (data: Uint8Array): string =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1');
