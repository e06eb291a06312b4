import type { Context } from '@opentelemetry/api';
import type { EouSource } from '../../../../model/vocabulary.ts';
import { appendText } from '../../../call/content.ts';
import type { Stage, StageFacts, StageResult } from '../../../call/stage.ts';
import type { Turn } from '../../../call/turn.ts';
import { makeRoom } from '../make-room.ts';
import { AudioClock } from './audio-clock.ts';
import { ConnectionCall } from './connection-call.ts';
import { LateTranscripts, type Transcript } from './late-transcripts.ts';
import { estimatedPlayout, type Playout } from './playout.ts';
import type { OpenResponse, SpeechSessionInit } from './speech-facts.ts';
import type { AudioPosition } from './words.ts';

/** Responses that may be open at once, and tools. */
const MAX_RESPONSES = 16;
const MAX_TOOLS = 64;

export type { SpeechSessionInit } from './speech-facts.ts';

/**
 * One connection to a model that hears and speaks by itself: what its events mean for the call's turns. It reports no
 * playback, so that is worked out from the audio that came, unless the call's transport shows it.
 */
export class SpeechSession {
  readonly #call: ConnectionCall;
  readonly #playout: Playout;
  readonly #responses = new Map<string, OpenResponse>();
  readonly #tools = new Map<string, Stage>();
  readonly #transcripts = new LateTranscripts();
  /** Counts milliseconds and not bytes: the encoding may change while the connection stands. */
  readonly #input = new AudioClock(1_000);
  #facts: StageFacts;
  #inputBytesPerMs: number | undefined;
  #outputBytesPerMs: number | undefined;
  #listensOnly = false;
  #speechStartMs: number | undefined;
  /** The turn whose audio came last. */
  #audible: Turn | undefined;

  constructor({ facts, active, ...known }: SpeechSessionInit) {
    this.#call = new ConnectionCall(active);
    this.#facts = facts;
    this.describe(known);
    this.#playout = estimatedPlayout(this.#call);
  }

  /** Where everything that the connection causes runs. */
  get context(): Context {
    return this.#call.context;
  }

  /** The agent is being heard, as far as the audio that came tells. */
  get playing(): boolean {
    return this.#playout.playing;
  }

  /** Adds what became known later: the server says which model and formats the session has. */
  describe(known: Partial<Omit<SpeechSessionInit, 'active'>>): void {
    if (known.facts) this.#facts = { ...this.#facts, ...known.facts };
    if (known.inputBytesPerSecond !== undefined) this.#inputBytesPerMs = known.inputBytesPerSecond / 1_000;
    if (known.outputBytesPerSecond !== undefined) this.#outputBytesPerMs = known.outputBytesPerSecond / 1_000;
    if (known.listensOnly !== undefined) this.#listensOnly = known.listensOnly;
  }

  /** The connection stands. The provider counts the audio from here. */
  opened(): void {
    this.#call.connected();
    this.#input.restart();
  }

  /** Audio of the user was sent. On the audio path: no allocation. */
  audioSent(bytes: number, atMs: number): void {
    if (this.#call.current === undefined) this.#call.open();
    if (this.#inputBytesPerMs !== undefined) this.#input.sent(bytes / this.#inputBytesPerMs, atMs);
  }

  /** The user began to speak. */
  speechStarted({ seconds, atMs }: AudioPosition): void {
    const startMs = this.#wallMs(seconds) ?? atMs;
    this.#speechStartMs = startMs;
    this.#call.listening().tracker.speechStarted(startMs);
  }

  /** The user fell silent: the instant of the silence where it is known, not of the event about it. */
  speechEnded({ seconds, atMs }: AudioPosition, source: EouSource): void {
    this.#call.listening().tracker.speechEnded(this.#wallMs(seconds) ?? atMs, source);
  }

  /** Words of what the user is saying were understood: it is not a noise. */
  wordsHeard(): void {
    if (this.#speechStartMs !== undefined) this.#call.listening().tracker.wordsHeard(this.#speechStartMs);
  }

  /** What the user said was accepted, and will be answered. `id`: by which its transcript is told. */
  committed(id: string, atMs: number): void {
    const { tracker } = this.#call.listening();
    const startMs = this.#speechStartMs ?? atMs;
    this.#speechStartMs = undefined;
    // The model hears words where we have none: what it takes for a turn is more than a noise.
    tracker.wordsHeard(startMs);
    tracker.committed(atMs);
    this.#transcripts.committed(id, startMs);
  }

  /** A first piece of the transcript of what was committed came. */
  transcriptBegun(id: string, atMs: number): void {
    this.#transcripts.begun(id, atMs);
  }

  /** The transcript of what was committed is complete. */
  transcribed(id: string, transcript: Transcript, atMs: number): void {
    const unanswered = this.#listensOnly ? this.#transcripts.take(id) : undefined;
    if (unanswered) this.#heard(unanswered, transcript, atMs);
    else this.#transcripts.complete(id, transcript, atMs);
  }

  /** The model begins to answer. */
  responseStarted(id: string, atMs: number): void {
    if (this.#responses.has(id)) return;
    const { tracker } = this.#call.listening();
    const stage = tracker.startStage('llm', this.#facts, atMs);
    makeRoom(this.#responses, MAX_RESPONSES);
    this.#responses.set(id, { stage, text: undefined, heard: false, silenced: false });
    if (tracker.turn) this.#transcripts.place(tracker.turn);
  }

  /** Audio of an answer came. */
  audioReceived(id: string | undefined, bytes: number, atMs: number): void {
    const response = this.#response(id);
    response?.stage.firstByte(atMs);
    if (bytes <= 0 || response?.silenced) return;
    if (response && !response.heard) {
      response.heard = true;
      this.#queueBehind(atMs);
    }
    this.#playout.queued(this.#outputBytesPerMs ? bytes / this.#outputBytesPerMs : 0, atMs);
  }

  /** Words, or a tool call, of an answer came. */
  contentReceived(id: string | undefined, atMs: number): void {
    this.#response(id)?.stage.firstByte(atMs);
  }

  /** Words that the model speaks, or has spoken. */
  said(id: string | undefined, text: string): void {
    const response = this.#response(id);
    if (response) response.text = appendText(response.text, text);
  }

  /** The answer is complete, was cancelled, or failed. What of it was spoken is still being heard. */
  responseEnded(
    id: string,
    how: { result?: StageResult; cancelled?: boolean; error?: unknown },
    atMs: number,
  ): void {
    const response = this.#responses.get(id);
    if (!response) return;
    this.#responses.delete(id);
    const result = { text: response.text, ...how.result, at: atMs };
    if (how.cancelled) response.stage.cancel(result);
    else if (how.error !== undefined) response.stage.fail(how.error, result);
    else response.stage.end(result);
  }

  /** The model asks the application to run a tool. */
  toolCalled(id: string, name: string | undefined, atMs: number): void {
    if (this.#tools.has(id)) return;
    makeRoom(this.#tools, MAX_TOOLS);
    this.#tools.set(
      id,
      this.#call.listening().tracker.startStage('tool', { toolName: name, toolCallId: id }, atMs),
    );
  }

  /** The application gives the model what a tool came to, or the call was `cancelled`. */
  toolAnswered(id: string, atMs: number, { cancelled = false } = {}): void {
    const tool = this.#tools.get(id);
    this.#tools.delete(id);
    if (cancelled) tool?.cancel({ at: atMs });
    else tool?.end({ at: atMs });
  }

  /** The agent is silenced by what the user says, if it is heard: what it had left to say is not heard. */
  interrupted(atMs: number): void {
    this.#settle(atMs);
    if (!this.#playout.playing && this.#call.current?.turn?.playing !== true) return;
    this.wordsHeard();
    this.silenced(atMs);
  }

  /** The application throws away what it has not played yet, for a reason of its own. */
  silenced(atMs: number): void {
    this.#settle(atMs);
    for (const response of this.#responses.values()) response.silenced = true;
    this.#playout.clear(atMs);
  }

  /** The provider itself plays the agent's audio, and says when that begins. */
  playbackStarted(atMs: number): void {
    const { tracker } = this.#call.listening();
    tracker.observePlayback();
    tracker.playbackStarted(atMs);
  }

  /** What the provider had to play has been heard, or was `cleared`. */
  playbackEnded(atMs: number, { cleared = false } = {}): void {
    const tracker = this.#call.current?.tracker;
    if (cleared) tracker?.playbackCleared(atMs);
    else tracker?.playbackEnded(atMs);
  }

  /** The connection is gone; for good, when it is `final`. */
  closed(atMs: number, how: { final: boolean; error?: unknown }): void {
    // Refused, or broken while no one spoke: no answer is there to say so.
    if (how.error !== undefined && this.#responses.size === 0)
      this.#call.current?.startStage('llm', { ...this.#facts, at: atMs }).fail(how.error, { at: atMs });
    for (const { stage, text } of this.#responses.values()) {
      const result = { text, at: atMs };
      if (how.error === undefined) stage.cancel(result);
      else stage.fail(how.error, result);
    }
    this.#responses.clear();
    for (const tool of this.#tools.values()) tool.cancel({ at: atMs });
    this.#tools.clear();
    this.#playout.close(atMs);
    const { turn } = this.#call.current ?? {};
    if (turn) this.#transcripts.place(turn);
    this.#transcripts.clear();
    this.#call.closed(atMs, how);
  }

  /** What had run out by then was heard to its end, though it was not checked yet. */
  #settle(atMs: number): void {
    if (this.#playout.playing && this.#playout.endsMs <= atMs) this.#playout.close(atMs);
  }

  /** An utterance that is answered elsewhere: the tracker knows whose it is. */
  #heard(
    { startMs, firstByteMs }: { startMs: number; firstByteMs?: number },
    { text, usage, facts, error }: Transcript,
    atMs: number,
  ): void {
    const call = this.#call.listening();
    const about = { streaming: true, ...facts };
    if (error !== undefined)
      call.startStage('stt', { ...about, at: startMs }).fail(error, { usage, at: atMs });
    else
      call.tracker.utterance({
        startAt: startMs,
        firstByteAt: firstByteMs ?? atMs,
        endAt: atMs,
        facts: about,
        result: { text, usage },
      });
  }

  #wallMs(seconds: number | undefined): number | undefined {
    return seconds === undefined
      ? undefined
      : this.#input.wallMs(seconds, this.#call.current?.tracker.liveAudio);
  }

  /**
   * An answer of the next turn comes while the one before is still being heard, by a user who spoke over it: it is heard
   * when that has ended, and nothing will tell of it.
   */
  #queueBehind(atMs: number): void {
    const before = this.#audible;
    const turn = this.#call.current?.turn;
    this.#audible = turn;
    if (!this.#playout.playing || !turn || turn === before || turn.answered) return;
    turn.startPlayback({ at: Math.max(atMs, this.#playout.endsMs), source: 'estimated' });
  }

  /** The response of an id; without one, the latest. */
  #response(id: string | undefined): OpenResponse | undefined {
    return id === undefined ? [...this.#responses.values()].at(-1) : this.#responses.get(id);
  }
}
