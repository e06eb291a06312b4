import { errorType } from '../../spans.ts';
import { at, foreign, text } from './patch.ts';

/** Bytes of a frame that an SDK is given to send: a buffer, a view of one, several of them, or a blob; 0 for anything else. */
export function byteLength(frame: unknown): number {
  if (Array.isArray(frame)) {
    let bytes = 0;
    for (let i = 0; i < frame.length; i++) bytes += byteLength(frame[i]);
    return bytes;
  }
  const measured = (frame ?? {}) as { byteLength?: unknown; size?: unknown };
  if (typeof measured.byteLength === 'number') return measured.byteLength;
  return typeof measured.size === 'number' ? measured.size : 0;
}

/**
 * The class of what a connection broke by, from its close code: a provider's own code as it is. Undefined when it was
 * closed in good order (1000, or 1005: without a code).
 */
export function closeError(code: unknown): string | undefined {
  if (code === 1000 || code === 1005) return undefined;
  return typeof code === 'number' && code >= 3000 ? String(code) : 'connection_closed';
}

/** The class of why a connection was refused: a close code, an HTTP status, or the class of the error. */
export function refusalError(error: unknown): string {
  const code = foreign(error)?.code;
  if (typeof code === 'number') return String(code);
  // `ws` tells the status of a refused upgrade in its message only.
  const status = /^Unexpected server response: (\d{3})$/.exec(text(at(error, 'message')) ?? '')?.[1];
  return status ?? errorType(error);
}

/** Bytes a second of raw audio, by the names that most providers give to encodings. */
const BYTES_PER_SAMPLE: Readonly<Record<string, number>> = {
  pcm_s16le: 2,
  pcm_s32le: 4,
  pcm_f16le: 2,
  pcm_f32le: 4,
  pcm_mulaw: 1,
  pcm_alaw: 1,
};

/** Bytes a second of raw audio of one channel; undefined for containers and compressed audio, whose length bytes do not tell. */
export function rawBytesPerSecond(encoding: unknown, sampleRate: unknown): number | undefined {
  const bytes = BYTES_PER_SAMPLE[String(encoding)];
  const rate = Number(sampleRate);
  return bytes !== undefined && rate > 0 ? bytes * rate : undefined;
}
