import { type Foreign, text } from '../kit/patch.ts';
import {
  type Carrier,
  parameterFacts,
  type StreamRequest,
  type StreamSignal,
  type StreamStart,
} from '../kit/telephony/carrier.ts';
import { bytesPerMs } from '../kit/telephony/codecs.ts';
import { patchMediaStreams } from '../kit/telephony/media-streams.ts';
import type { StreamEvent } from '../kit/telephony/messages.ts';

/** Where the application may have put the call's id, as no message of Vonage's has it. */
const IDS = ['uuid', 'call_uuid', 'callUuid', 'conversation_uuid', 'call_id', 'callId'] as const;

/** Vonage WebSockets: JSON for what happens, binary messages for audio. */
const VONAGE: Carrier = {
  name: 'vonage',
  begins,
  hears: ({ event, payload }) =>
    event === 'websocket:notify' ? mark(payload) : event === 'websocket:dtmf' ? { kind: 'key' } : undefined,
  sends: ({ event, payload }) =>
    event === 'notify' ? mark(payload) : event === 'clear' ? { kind: 'clear' } : undefined,
  returnsClearedMarks: false,
  endsByClosing: true,
};

/** Vonage WebSockets, on the server side of `ws` 8. */
export const patchVonageMediaStreams = (moduleExports: unknown): void =>
  patchMediaStreams(moduleExports, VONAGE);

/** What a notification carries comes back as it is. */
const mark = (payload: unknown): StreamSignal => ({ kind: 'mark', name: JSON.stringify(payload) ?? '' });

function begins(event: StreamEvent, { url }: StreamRequest): StreamStart | undefined {
  if (event.event !== 'websocket:connected') return undefined;
  const headers = { ...queryOf(url), ...event };
  return {
    call: { ...parameterFacts(headers), id: IDS.map((name) => text(headers[name])).find(Boolean) },
    audio: { bytesPerMs: bytesPerMs(event['content-type']) },
    isBinary: true,
  };
}

const queryOf = (url: string): Foreign =>
  Object.fromEntries(new URL(url || '/', 'ws://localhost').searchParams);
