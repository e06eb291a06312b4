import type { Context } from '@opentelemetry/api';
import type { Stage, StageFacts } from '../../../call/stage.ts';

/** What is known of a speech-to-speech connection when it is opened. */
export interface SpeechSessionInit {
  /** Provider and model as billed. */
  facts: StageFacts;
  /** Of the audio that the user's side sends. Unknown: positions in the audio are not instants. */
  inputBytesPerSecond?: number | undefined;
  /** Of the audio that the model gives. Unknown: nothing tells how long an answer is heard. */
  outputBytesPerSecond?: number | undefined;
  /**
   * The model only listens: what it understood is answered elsewhere, and belongs to the turn as soon as it is
   * transcribed. (Default: false.)
   */
  listensOnly?: boolean | undefined;
  /** The context that the application connects in. (Default: the active one.) */
  active?: Context | undefined;
}

/** An answer that the model is giving. */
export interface OpenResponse {
  readonly stage: Stage;
  text: string | undefined;
  /** Audio of it came: its playback has begun, or waits behind what was said before. */
  heard: boolean;
  /** The agent was silenced meanwhile: what still comes of it is not played. */
  silenced: boolean;
}
