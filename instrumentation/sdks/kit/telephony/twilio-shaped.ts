import type { CarrierName } from '../../../../model/vocabulary.ts';
import { foreign, text } from '../patch.ts';
import { type Carrier, markName, parameterFacts, type StreamSignal, type StreamStart } from './carrier.ts';
import { bytesPerMs, isTelephoneMulaw } from './codecs.ts';
import type { StreamEvent } from './messages.ts';

/** A carrier that speaks the protocol of Twilio Media Streams, and is told from the others by its ids. */
export const twilioShaped = (name: CarrierName, owns: (callId: string) => boolean): Carrier => ({
  name,
  begins: (event) => begin(owns, event),
  hears: twilioSignal,
  sends: twilioSignal,
  returnsClearedMarks: true,
});

function begin(owns: (callId: string) => boolean, event: StreamEvent): StreamStart | undefined {
  const start = event.event === 'start' ? foreign(event.start) : undefined;
  const id = text(start?.callSid) ?? text(start?.streamSid);
  if (start === undefined || id === undefined || !owns(id)) return undefined;
  const format = foreign(start.mediaFormat);
  const encoding = format?.encoding ?? 'audio/x-mulaw';
  const rate = format?.sampleRate ?? 8_000;
  return {
    call: { ...parameterFacts(foreign(start.customParameters)), id },
    audio: { bytesPerMs: bytesPerMs(encoding, rate), isMulaw: isTelephoneMulaw(encoding, rate) },
  };
}

/** What a message of that protocol says, in either direction; Telnyx has the same words. */
export function twilioSignal(event: StreamEvent): StreamSignal | undefined {
  switch (event.event) {
    case 'mark':
      return { kind: 'mark', name: markName(event.mark) };
    case 'clear':
      return { kind: 'clear' };
    case 'dtmf':
      return { kind: 'key' };
    case 'stop':
      return { kind: 'stop' };
    default:
      return undefined;
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether an id is a bare UUID. */
export const isUuid = (id: string): boolean => UUID.test(id);
