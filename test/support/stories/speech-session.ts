import { Call } from '../../../instrumentation/call/call.ts';
import { nowMs } from '../../../instrumentation/call/clock.ts';
import {
  SpeechSession,
  type SpeechSessionInit,
} from '../../../instrumentation/sdks/kit/live/speech-session.ts';
import { Story } from '../facts.ts';
import { takeFacts } from '../spans.ts';

/** Mu-law in both directions: 8,000 bytes are a second. */
export const INIT: SpeechSessionInit = {
  facts: { provider: 'openai', model: 'gpt-realtime' },
  inputBytesPerSecond: 8_000,
  outputBytesPerSecond: 8_000,
};

/** A session inside a call. The story lies in the past, so that no timer waits for it; positions are seconds. */
export class Conversation {
  readonly call: Call;
  readonly session: SpeechSession;
  readonly startMs = nowMs() - 600_000;
  #utterances = 0;

  constructor({
    observed = false,
    init = {},
  }: { observed?: boolean; init?: Partial<SpeechSessionInit> } = {}) {
    takeFacts();
    this.call = new Call({ at: this.at(0) });
    if (observed) this.call.tracker.observePlayback();
    this.session = new SpeechSession({ ...INIT, active: this.call.context, ...init });
    this.session.opened();
  }

  at(seconds: number): number {
    return this.startMs + seconds * 1_000;
  }

  us(seconds: number): number {
    return Math.round(this.at(seconds) * 1_000);
  }

  /** The user speaks; the server hears of it 0.1 s after the beginning and 0.5 s after the end. Gives the id. */
  user(from: number, to: number, { interrupts = true } = {}): string {
    const id = `item-${this.#utterances++}`;
    this.session.speechStarted({ atMs: this.at(from) });
    if (interrupts) this.session.interrupted(this.at(from + 0.1));
    this.session.speechEnded({ atMs: this.at(to) }, 'vad');
    this.session.committed(id, this.at(to + 0.5));
    return id;
  }

  /** The model answers from `from` on with `seconds` of audio, which all come at once 0.3 s later. */
  agent(id: string, from: number, seconds: number): void {
    this.session.responseStarted(id, this.at(from));
    this.session.audioReceived(id, seconds * 8_000, this.at(from + 0.3));
    this.session.said(id, `answer ${id}`);
    this.session.responseEnded(id, { result: { finishReasons: ['stop'] } }, this.at(from + 0.5));
  }

  transcript(id: string, text: string, at: number): void {
    this.session.transcribed(
      id,
      { text, facts: { provider: 'openai', model: 'whisper-1' }, usage: { audioSeconds: 1 } },
      this.at(at),
    );
  }

  end(at: number): Story {
    this.session.closed(this.at(at), { final: true });
    this.call.end({ at: this.at(at) });
    return new Story(takeFacts());
  }
}
