import {
  type AudioFormat,
  bytesPerSample,
  rawAudio,
  rawBytesPerSecond,
  UNTIMED,
} from '../kit/audio-format.ts';
import { type Foreign, text } from '../kit/patch.ts';

/** Bytes a second of raw audio; undefined for containers and compressed audio, whose length bytes do not tell. */
export function bytesPerSecond(query: Foreign): number | undefined {
  const ofOneChannel = rawBytesPerSecond(query.encoding, query.sample_rate);
  const channels = Number(query.channels ?? 1);
  return ofOneChannel !== undefined && channels > 0 ? ofOneChannel * channels : undefined;
}

/** What Deepgram gives where a socket does not ask for a rate. */
const DEFAULT_RATE: Readonly<Record<string, number>> = { linear16: 24_000, mulaw: 8_000, alaw: 8_000 };

/** The raw audio that a socket asks for. */
export function socketFormat({ encoding, sample_rate }: Foreign): AudioFormat {
  const wanted = text(encoding) ?? 'linear16';
  return rawAudio(sample_rate ?? DEFAULT_RATE[wanted], bytesPerSample(wanted));
}

/** The audio that a request asks for. Raw samples come as a WAV file where it does not say otherwise, which says what it is. */
export const requestFormat = (request: Foreign): AudioFormat =>
  request.container === 'none' && text(request.encoding) !== undefined ? socketFormat(request) : UNTIMED;

/**
 * The model under the name that it is billed by: nova-3 with `language=multi` is `nova-3-multilingual` in the price
 * list, and nothing but the request tells.
 */
export function billedModel(query: Foreign): string | undefined {
  const model = text(query.model);
  return model === 'nova-3' && query.language === 'multi' ? 'nova-3-multilingual' : model;
}
