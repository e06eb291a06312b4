import { parseJson } from '../kit/json.ts';
import type { Foreign } from '../kit/patch.ts';

/** A message of either side: headers, then what it carries. */
export interface AzureMessage {
  /** What it is about, in lower case: `speech.phrase`, `audio`. */
  readonly path: string;
  readonly requestId: string;
  /** Of a message of text. */
  readonly body: string;
  /** Of a binary one. */
  readonly bytes: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);
/** The length of the headers stands before them. */
const LENGTH_BYTES = 2;
const MAX_HEADER_BYTES = 4_096;

/** Reads a frame: text with a blank line behind its headers, or bytes that begin with the length of theirs. */
export function readAzureMessage(data: unknown): AzureMessage | undefined {
  if (typeof data === 'string') {
    const blank = data.indexOf('\r\n\r\n');
    if (blank < 0) return undefined;
    return { ...headersOf(data.slice(0, blank)), body: data.slice(blank + 4), bytes: NO_BYTES };
  }
  const bytes = toBytes(data);
  if (!bytes || bytes.length < LENGTH_BYTES) return undefined;
  const end = LENGTH_BYTES + ((bytes[0] ?? 0) << 8) + (bytes[1] ?? 0);
  if (end > bytes.length || end > MAX_HEADER_BYTES) return undefined;
  const head = Buffer.from(bytes.buffer, bytes.byteOffset + LENGTH_BYTES, end - LENGTH_BYTES);
  return { ...headersOf(head.toString('latin1')), body: '', bytes: bytes.subarray(end) };
}

function headersOf(head: string): Pick<AzureMessage, 'path' | 'requestId'> {
  return { path: header(head, 'path').toLowerCase(), requestId: header(head, 'x-requestid').toLowerCase() };
}

function header(head: string, name: string): string {
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    if (line.slice(0, colon).trim().toLowerCase() === name) return line.slice(colon + 1).trim();
  }
  return '';
}

function toBytes(data: unknown): Uint8Array | undefined {
  if (data instanceof Uint8Array) return data;
  return data instanceof ArrayBuffer ? new Uint8Array(data) : undefined;
}

/** What a message of text says. */
export const said = ({ body }: AzureMessage): Foreign => parseJson(body) ?? {};

/** A position in the audio, in seconds; it is written in ticks of 100 ns. */
export function ticks(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 ? value / 1e7 : undefined;
}
