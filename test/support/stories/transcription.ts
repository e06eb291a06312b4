import {
  LiveTranscription,
  type LiveTranscriptionInit,
} from '../../../instrumentation/sdks/kit/live/live-transcription.ts';
import type { Words } from '../../../instrumentation/sdks/kit/live/words.ts';
import { type ConversationFacts, LiveConversation } from './live-conversation.ts';

/** A transcription inside a call. */
export class Talk extends LiveConversation<LiveTranscription> {
  constructor(init: Partial<LiveTranscriptionInit> = {}) {
    const facts = { provider: 'acme', model: 'ears-1' };
    super(({ context }) => new LiveTranscription({ facts, bytesPerSecond: 8_000, active: context, ...init }));
    this.connection.opened();
  }

  /** Words understood at `arrives`. */
  hear(text: string, [startSeconds, endSeconds]: readonly number[], arrives: number, final = false): void {
    const words: Words = { text, final, startSeconds, endSeconds, atMs: this.at(arrives) };
    this.connection.heard(words);
  }

  /** As {@link hear}, and the utterance is over with it. */
  finish(text: string, position: readonly number[], arrives: number): void {
    this.hear(text, position, arrives, true);
    this.connection.utteranceEnded(this.at(arrives));
  }

  hangUp(error?: unknown): ConversationFacts {
    this.connection.closed({ final: true, error });
    return this.end();
  }
}
