import { type Foreign, foreign, text } from '../kit/patch.ts';
import {
  type Carrier,
  markName,
  parameterFacts,
  type StreamSignal,
  type StreamStart,
} from '../kit/telephony/carrier.ts';
import { bytesPerMs, isTelephoneMulaw } from '../kit/telephony/codecs.ts';
import { patchMediaStreams } from '../kit/telephony/media-streams.ts';
import { type Payload, type StreamEvent, says } from '../kit/telephony/messages.ts';

/** Plivo audio streaming: `start` comes at once, and no message says that the stream is over. */
const PLIVO: Carrier = {
  name: 'plivo',
  begins,
  hears: (event) =>
    event.event === 'playedStream' || event.event === 'played' ? mark(event) : keyOrStop(event),
  sends: (event) =>
    event.event === 'checkpoint' ? mark(event) : event.event === 'clearAudio' ? { kind: 'clear' } : undefined,
  outgoing: (payload, { audio }) => outgoing(payload) ?? audio.bytesPerMs,
  returnsClearedMarks: false,
  endsByClosing: true,
};

/** Plivo audio streaming, on the server side of `ws` 8. */
export const patchPlivoMediaStreams = (moduleExports: unknown): void =>
  patchMediaStreams(moduleExports, PLIVO);

const mark = (event: StreamEvent): StreamSignal => ({ kind: 'mark', name: markName(event) });

function keyOrStop({ event }: StreamEvent): StreamSignal | undefined {
  if (event === 'dtmf') return { kind: 'key' };
  return event === 'stop' ? { kind: 'stop' } : undefined;
}

function begins(event: StreamEvent): StreamStart | undefined {
  const start = event.event === 'start' ? foreign(event.start) : undefined;
  const id = text(start?.callId);
  if (start === undefined || id === undefined) return undefined;
  const { encoding, sampleRate: rate } = foreign(start.mediaFormat) ?? {};
  return {
    call: { ...parameterFacts(headersOf(event.extra_headers ?? start.extra_headers)), id },
    audio: { bytesPerMs: bytesPerMs(encoding, rate), isMulaw: isTelephoneMulaw(encoding, rate) },
  };
}

/** `extraHeaders` of the XML come back as one text: `campaign_id=spring;plan=gold`, in braces at times. */
function headersOf(given: unknown): Foreign | undefined {
  if (typeof given !== 'string') return foreign(given);
  const pairs = given.replace(/^\{|\}$/g, '').split(/[;,]/, 64);
  return Object.fromEntries(
    pairs.flatMap((pair) => {
      const at = pair.search(/[=:]/);
      return at > 0 ? [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()]] : [];
    }),
  );
}

/** Each `playAudio` says of itself what it is: the text around the audio is looked at, and not parsed. */
function outgoing(payload: Payload): number | undefined {
  const rate = says(payload, '16000') ? 16_000 : says(payload, '24000') ? 24_000 : 8_000;
  if (says(payload, 'x-mulaw')) return rate / 1_000;
  return says(payload, 'x-l16') ? rate / 500 : undefined;
}
