import type { CarrierName } from '../../../../model/vocabulary.ts';
import type { CallFacts, CallStart } from '../../../call/api.ts';
import { parameterTags } from '../../../call/call-tags.ts';
import { type Foreign, foreign, text } from '../patch.ts';
import type { Payload, StreamEvent } from './messages.ts';

/** What a message means for what the caller hears, or for the call. */
export type StreamSignal =
  /** Of the application: a mark is queued behind its audio. Of the carrier: everything in front of it was heard. */
  | { readonly kind: 'mark'; readonly name: string }
  /** Of the application: what was queued and not yet heard is to be thrown away. */
  | { readonly kind: 'clear' }
  /** The caller pressed a key: which one is the caller's own business, it may be of a secret number. */
  | { readonly kind: 'key' }
  /** The stream is over. */
  | { readonly kind: 'stop' };

/** Audio that comes, or goes. Absent: its bytes tell no time. */
export interface StreamAudio {
  readonly bytesPerMs?: number | undefined;
  /** It is mu-law at 8 kHz, so that it can be recorded. */
  readonly isMulaw?: boolean;
}

/** A stream that has begun. */
export interface StreamStart {
  readonly call: CallStart;
  /** Of the caller's audio; the agent's is alike, unless `outgoing` knows better. */
  readonly audio: StreamAudio;
  /** Audio comes and goes as binary messages. (Default: as base64 in JSON.) */
  readonly isBinary?: boolean;
}

/** What is known of the connection before its first message. */
export interface StreamRequest {
  /** Path and query of the request. */
  readonly url: string;
}

/** One carrier's protocol of media streams. The functions may throw: the stream is then followed no more. */
export interface Carrier {
  /** As in `voice.transport`. */
  readonly name: CarrierName;
  /** What the message that begins a stream says; undefined: it is no such message of this carrier. */
  begins(event: StreamEvent, request: StreamRequest): StreamStart | undefined;
  /** What a message of the carrier means; undefined: nothing that is followed. */
  hears(event: StreamEvent): StreamSignal | undefined;
  /** What a message of the application means. */
  sends(event: StreamEvent): StreamSignal | undefined;
  /** Bytes a millisecond of audio that the application sends, where each message may have another. (Default: as the stream began.) */
  outgoing?(payload: Payload, start: StreamStart): number | undefined;
  /** Marks that a clear has made void come back all the same. */
  readonly returnsClearedMarks: boolean;
  /** The end of the connection is the end of the call: no message says it. */
  readonly endsByClosing?: boolean;
}

/** What parameters of the application's own say of its call. They hold anything: only the known ones are read, and those that are named in the settings. */
export function parameterFacts(parameters: Foreign | undefined): CallFacts {
  const direction = parameters?.direction;
  return {
    channel: 'phone',
    direction: direction === 'inbound' || direction === 'outbound' ? direction : undefined,
    campaignId: text(parameters?.campaign_id) ?? text(parameters?.campaignId),
    agentName: text(parameters?.agent_name) ?? text(parameters?.agentName),
    ...parameterTags(parameters),
  };
}

/** The name of a mark, which may be anything. */
export const markName = (value: unknown, key = 'name'): string => text(foreign(value)?.[key]) ?? '';
