import { type Foreign, text } from './patch.ts';

const BYTES_PER_SAMPLE: Readonly<Record<string, number>> = { mulaw: 1, alaw: 1, linear16: 2, linear32: 4 };

/** Bytes a second of raw audio; undefined for containers and compressed audio, whose length bytes do not tell. */
export function bytesPerSecond(query: Foreign): number | undefined {
  const bytes = BYTES_PER_SAMPLE[String(query.encoding)];
  const rate = Number(query.sample_rate);
  const channels = Number(query.channels ?? 1);
  return bytes !== undefined && rate > 0 && channels > 0 ? bytes * rate * channels : undefined;
}

/** How bytes of synthesised audio become seconds. Without a rate they do not. */
export interface AudioFormat {
  readonly headerBytes: number;
  readonly bytesPerSecond: number | undefined;
}

/** Compressed, or in a container whose header has no certain length. */
export const UNKNOWN_FORMAT: AudioFormat = { headerBytes: 0, bytesPerSecond: undefined };

/** What Deepgram gives where a socket does not ask for a rate. */
const DEFAULT_RATE: Readonly<Record<string, number>> = { linear16: 24_000, mulaw: 8_000, alaw: 8_000 };

/** The raw audio that a socket asks for. */
export function socketFormat({ encoding, sample_rate }: Foreign): AudioFormat {
  const wanted = text(encoding) ?? 'linear16';
  const rate = sample_rate ?? DEFAULT_RATE[wanted];
  return { headerBytes: 0, bytesPerSecond: bytesPerSecond({ encoding: wanted, sample_rate: rate }) };
}

/** RIFF, `fmt ` and `data` headers in front of linear samples. */
const WAV_HEADER_BYTES = 44;

/** The audio that a request asks for: mp3, when it does not say. Raw samples come as a WAV file, when it does not say. */
export function requestFormat({ encoding, sample_rate, container }: Foreign): AudioFormat {
  if (text(encoding) === undefined) return UNKNOWN_FORMAT;
  if (container === 'none') return socketFormat({ encoding, sample_rate });
  if (encoding !== 'linear16' || (container ?? 'wav') !== 'wav') return UNKNOWN_FORMAT;
  return { ...socketFormat({ encoding, sample_rate }), headerBytes: WAV_HEADER_BYTES };
}

/**
 * The model under the name that it is billed by: nova-3 with `language=multi` is `nova-3-multilingual` in the price
 * list, and nothing but the request tells.
 */
export function billedModel(query: Foreign): string | undefined {
  const model = text(query.model);
  return model === 'nova-3' && query.language === 'multi' ? 'nova-3-multilingual' : model;
}

/** Bytes of a frame, which the SDK takes and gives as whatever the runtime has. */
export function byteLength(frame: unknown): number {
  const { byteLength, size } = (frame ?? {}) as { byteLength?: unknown; size?: unknown };
  if (typeof byteLength === 'number') return byteLength;
  return typeof size === 'number' ? size : 0;
}
