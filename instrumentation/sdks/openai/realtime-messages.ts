import type { StageResult } from '../../call/stage.ts';
import { base64Bytes } from '../kit/base64.ts';
import { at, type Foreign, foreign, quantity, text } from '../kit/patch.ts';
import { responseUsage } from './realtime-config.ts';

/** The events of the server that mean something to a turn. Positions are milliseconds of audio. */
export type RealtimeEvent =
  | { readonly type: 'session'; readonly session: Foreign }
  | { readonly type: 'speech_started'; readonly startMs: number | undefined }
  | { readonly type: 'speech_stopped'; readonly item: string | undefined; readonly endMs: number | undefined }
  /** What the user said was accepted. */
  | { readonly type: 'committed' | 'transcript_begun'; readonly item: string }
  /** `usage`: as the API has it. `error`: the class of why nothing could be transcribed. */
  | {
      readonly type: 'transcribed';
      readonly item: string;
      readonly text: string | undefined;
      readonly usage: unknown;
      readonly error: string | undefined;
    }
  | { readonly type: 'response_created'; readonly response: string }
  | { readonly type: 'audio'; readonly response: string | undefined; readonly bytes: number }
  /** Words or a tool call, of which only the first piece counts. */
  | { readonly type: 'content'; readonly response: string | undefined }
  | { readonly type: 'said'; readonly response: string | undefined; readonly text: string }
  | { readonly type: 'tool_named'; readonly call: string; readonly name: string | undefined }
  /** The arguments of a tool are complete; `incomplete`: they never will be. */
  | {
      readonly type: 'tool_called';
      readonly response: string | undefined;
      readonly call: string | undefined;
      readonly incomplete: boolean;
    }
  | {
      readonly type: 'response_done';
      readonly response: string;
      readonly result: StageResult;
      readonly cancelled: boolean;
      readonly error: string | undefined;
    }
  | { readonly type: 'playback_started' | 'playback_ended' | 'playback_cleared' }
  /** The server did not accept an event of the application. */
  | { readonly type: 'refused'; readonly code: string; readonly event: string | undefined };

/** Reads an event of the server, by its present name or that of the beta; undefined for what means nothing to a turn. */
export function readRealtimeEvent(event: Foreign): RealtimeEvent | undefined {
  const response = text(event.response_id);
  switch (event.type) {
    case 'session.created':
    case 'session.updated':
      return { type: 'session', session: foreign(event.session) ?? {} };
    case 'transcription_session.created':
    case 'transcription_session.updated':
      return { type: 'session', session: { ...foreign(event.session), type: 'transcription' } };
    case 'input_audio_buffer.speech_started':
      return { type: 'speech_started', startMs: quantity(event.audio_start_ms) };
    case 'input_audio_buffer.speech_stopped':
      return { type: 'speech_stopped', item: text(event.item_id), endMs: quantity(event.audio_end_ms) };
    case 'input_audio_buffer.committed':
      return { type: 'committed', item: text(event.item_id) ?? '' };
    case 'conversation.item.input_audio_transcription.delta':
      return { type: 'transcript_begun', item: text(event.item_id) ?? '' };
    case 'conversation.item.input_audio_transcription.completed':
    case 'conversation.item.input_audio_transcription.failed':
      return readTranscript(event);
    case 'response.created': {
      const created = text(at(event, 'response', 'id'));
      return created === undefined ? undefined : { type: 'response_created', response: created };
    }
    case 'response.output_audio.delta':
    case 'response.audio.delta':
      return { type: 'audio', response, bytes: base64Bytes(text(event.delta) ?? '') };
    case 'response.output_text.delta':
    case 'response.text.delta':
    case 'response.function_call_arguments.delta':
      return { type: 'content', response };
    case 'response.output_audio_transcript.done':
    case 'response.audio_transcript.done':
      return { type: 'said', response, text: text(event.transcript) ?? '' };
    case 'response.output_text.done':
    case 'response.text.done':
      return { type: 'said', response, text: text(event.text) ?? '' };
    case 'response.function_call_arguments.done':
      return { type: 'tool_called', response, call: text(event.call_id), incomplete: false };
    case 'response.output_item.added':
    case 'response.output_item.done':
      return readItem(event, response);
    case 'response.done':
      return readResponse(foreign(event.response));
    case 'output_audio_buffer.started':
      return { type: 'playback_started' };
    case 'output_audio_buffer.stopped':
      return { type: 'playback_ended' };
    case 'output_audio_buffer.cleared':
      return { type: 'playback_cleared' };
    case 'error': {
      const error = foreign(event.error);
      return { type: 'refused', code: errorCode(error), event: text(error?.event_id) };
    }
    default:
      return undefined;
  }
}

function readTranscript(event: Foreign): RealtimeEvent {
  const error = foreign(event.error);
  return {
    type: 'transcribed',
    item: text(event.item_id) ?? '',
    text: text(event.transcript),
    usage: event.usage,
    error: error && errorCode(error),
  };
}

function readItem({ type, item }: Foreign, response: string | undefined): RealtimeEvent | undefined {
  const { type: kind, call_id, name, status } = foreign(item) ?? {};
  const call = text(call_id);
  if (kind !== 'function_call' || call === undefined) return undefined;
  return type === 'response.output_item.added'
    ? { type: 'tool_named', call, name: text(name) }
    : { type: 'tool_called', response, call, incomplete: status === 'incomplete' };
}

function readResponse(response: Foreign | undefined): RealtimeEvent | undefined {
  const id = text(response?.id);
  if (!response || id === undefined) return undefined;
  const details = foreign(response.status_details);
  return {
    type: 'response_done',
    response: id,
    result: {
      usage: responseUsage(response.usage),
      responseId: id,
      finishReasons: finishReasons(response, details),
    },
    cancelled: response.status === 'cancelled',
    error: response.status === 'failed' ? errorCode(foreign(details?.error)) : undefined,
  };
}

/** The class of an error in the words of the API. */
const errorCode = (error: Foreign | undefined): string =>
  text(error?.code) ?? text(error?.type) ?? 'response_failed';

function finishReasons(response: Foreign, details: Foreign | undefined): string[] {
  const output: readonly unknown[] = Array.isArray(response.output) ? response.output : [];
  if (output.some((item) => at(item, 'type') === 'function_call')) return ['tool_calls'];
  if (response.status === 'completed') return ['stop'];
  const reason = text(details?.reason);
  return reason === 'max_output_tokens' ? ['length'] : reason ? [reason] : [];
}
