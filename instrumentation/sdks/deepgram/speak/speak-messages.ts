import type { Usage } from '../../../../model/facts.ts';
import { parseJson } from '../../kit/json.ts';
import { type Foreign, foreign, quantity, text } from '../../kit/patch.ts';
import { known } from '../../kit/usage.ts';

/** The messages of live speak, v1 and v2, that mean something to a synthesis. */
export type SpeakMessage =
  /** The connection stands. `model`: what the service speaks with. */
  | { readonly type: 'Metadata' | 'Connected'; readonly model: string | undefined }
  /** v1: a flush was carried out: the audio of all text before it was sent. v2: a flush was accepted. */
  | { readonly type: 'Flushed' }
  /** v1: nothing more comes of what was sent before. */
  | { readonly type: 'Cleared' }
  | { readonly type: 'SpeechStarted'; readonly id: string | undefined }
  /** v2: all the audio of a text was sent, or no more of it is. */
  | {
      readonly type: 'SpeechMetadata' | 'SpeechInterrupted';
      readonly id: string | undefined;
      readonly usage: Usage | undefined;
    }
  | { readonly type: 'Warning' | 'Error'; readonly code: string | undefined };

/** Reads what came from live speak; undefined for audio, for broken and for unknown messages. */
export function readSpeakMessage(data: unknown): SpeakMessage | undefined {
  const message = parseJson(data);
  switch (message?.type) {
    case 'Metadata':
    case 'Connected':
      return { type: message.type, model: text(message.model_name) };
    case 'Flushed':
    case 'Cleared':
      return { type: message.type };
    case 'SpeechStarted':
      return { type: 'SpeechStarted', id: text(message.speech_id) };
    case 'SpeechMetadata':
      return { type: 'SpeechMetadata', ...metered(message) };
    case 'SpeechInterrupted':
      return { type: 'SpeechInterrupted', ...metered(foreign(message.metadata) ?? {}) };
    case 'Warning':
    case 'Error':
      return { type: message.type, code: text(message.code) };
    default:
      return undefined;
  }
}

/** What the service says that a text was. */
function metered(metadata: Foreign): { id: string | undefined; usage: Usage | undefined } {
  const characters = quantity(metadata.billable_character_count) ?? quantity(metadata.input_character_count);
  const milliseconds = quantity(metadata.audio_duration_ms);
  const seconds = milliseconds === undefined ? undefined : milliseconds / 1_000;
  return { id: text(metadata.speech_id), usage: known({ characters, audioSeconds: seconds }) };
}
