import { parseJson } from '../kit/json.ts';
import { type Foreign, foreign, text } from '../kit/patch.ts';
import { type Carrier, parameterFacts, type StreamStart } from '../kit/telephony/carrier.ts';
import { bytesPerMs, isTelephoneMulaw } from '../kit/telephony/codecs.ts';
import { patchMediaStreams } from '../kit/telephony/media-streams.ts';
import { type Payload, payloadStarts, type StreamEvent } from '../kit/telephony/messages.ts';
import { twilioSignal } from '../kit/telephony/twilio-shaped.ts';

/** Telnyx media streaming: `stream_id` in each message, and `call_control_id` in the first. */
const TELNYX: Carrier = {
  name: 'telnyx',
  begins,
  hears: twilioSignal,
  sends: twilioSignal,
  outgoing: (payload, { audio }) => (isMp3(payload) ? undefined : audio.bytesPerMs),
  returnsClearedMarks: true,
};

/** Telnyx media streaming, on the server side of `ws` 8. */
export const patchTelnyxMediaStreams = (moduleExports: unknown): void =>
  patchMediaStreams(moduleExports, TELNYX);

/** Base64 of `ID3`, and of how usual MPEG frames begin: a jump from silence to the loudest, as no speech has it. */
const MP3 = ['SUQz', '//uQ', '//uS', '//uU', '//NA', '//NE', '//NI'] as const;

/** What TeXML sends back unless it is told otherwise: its bytes tell no time. */
const isMp3 = (payload: Payload): boolean => MP3.some((start) => payloadStarts(payload, start));

function begins(event: StreamEvent): StreamStart | undefined {
  const start = event.event === 'start' ? foreign(event.start) : undefined;
  const id = text(start?.call_control_id);
  if (start === undefined || id === undefined) return undefined;
  const { encoding, sample_rate: rate } = foreign(start.media_format) ?? {};
  return {
    call: { ...parameterFacts(parametersOf(start)), id },
    audio: { bytesPerMs: bytesPerMs(encoding, rate), isMulaw: isTelephoneMulaw(encoding, rate) },
  };
}

/** Parameters of the stream, and what the application has put into `client_state`: base64 of what it likes. */
function parametersOf(start: Foreign): Foreign {
  const state = text(start.client_state);
  const { from, to } = start;
  return {
    from,
    to,
    ...(state === undefined ? {} : parseJson(Buffer.from(state.slice(0, 8_192), 'base64').toString('utf8'))),
    ...foreign(start.custom_parameters),
  };
}
