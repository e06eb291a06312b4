import { type Context, context as contextApi } from '@opentelemetry/api';
import { Call } from '../call.ts';
import { nowMs } from '../clock.ts';
import { activeCall, activeScope, CallScope, withScope } from '../scope.ts';
import type { StageFacts } from '../stage.ts';
import { AudioClock } from './audio-clock.ts';
import { billedModel, bytesPerSecond, type ListenMessage, readMessage } from './deepgram-messages.ts';
import { type Foreign, foreign } from './patch.ts';

/** How long a call of the connection's own outlives a connection that broke and may come back. */
const RECONNECT_MS = 30_000;
/** Segments of one utterance whose words are kept. */
const MAX_SEGMENTS = 64;

/** What the user is saying and what of it was understood, until it is final. */
interface OpenUtterance {
  startMs: number;
  firstByteMs?: number;
  /** Arrival of the last final segment. */
  finalMs?: number;
  /** End of the last word of the final segments, in seconds of audio. */
  wordsEnd?: number;
  segments: string[];
  /** What was understood after the last final segment. */
  interim: string;
}

/**
 * One live transcription, across its reconnects. Translates Deepgram's messages into the tracker's marks; positions in
 * the audio become instants by the clock of the audio that was sent. Audio is accounted where an utterance ends, and
 * the rest when the connection closes: the sum is what was sent, or what Deepgram says it was.
 */
export class ListenConnection {
  readonly #scope: CallScope;
  /** Nobody else has put this scope up: the call is the connection's own from the start. */
  readonly #ownsScope: boolean;
  readonly #outside: Context;
  readonly #facts: StageFacts;
  readonly #clock: AudioClock | undefined;
  readonly #everyFinalEnds: boolean;
  #ownCall: Call | undefined;
  #endTimer: NodeJS.Timeout | undefined;
  #utterance: OpenUtterance | undefined;
  #accountedSeconds = 0;
  #accountedMs = 0;
  #providerSeconds: number | undefined;

  /**
   * @param args What the application connects with.
   * @param active The context that it connects in.
   */
  constructor(args: Foreign, active: Context = contextApi.active()) {
    const query = { ...args, ...foreign(args.queryParams) };
    const scope = activeScope(active);
    // A call that is over gets no more turns.
    this.#ownsScope = scope === undefined || (scope.call !== undefined && activeCall(active) === undefined);
    this.#scope = scope === undefined || this.#ownsScope ? new CallScope() : scope;
    this.#outside = withScope(active, this.#scope);
    this.#facts = { provider: 'deepgram', model: billedModel(query), streaming: true };
    const rate = bytesPerSecond(query);
    this.#clock = rate === undefined ? undefined : new AudioClock(rate);
    // Without endpointing and without UtteranceEnd nothing else tells that somebody has finished.
    this.#everyFinalEnds = String(query.endpointing) === 'false' && query.utterance_end_ms === undefined;
  }

  /** Where everything that the connection causes runs. */
  get context(): Context {
    const call = this.#scope.call;
    return call && !call.ended ? call.context : this.#outside;
  }

  /** A frame of audio was sent. */
  sent(bytes: number, atMs: number): void {
    if (this.#scope.call === undefined) this.#openCall();
    this.#clock?.sent(bytes, atMs);
  }

  /** The connection stands. Deepgram counts the audio from here. */
  opened(): void {
    clearTimeout(this.#endTimer);
    if (this.#ownsScope) this.#openCall();
    this.#clock?.restart();
    this.#accountedSeconds = 0;
    this.#accountedMs = nowMs();
    this.#providerSeconds = undefined;
  }

  /** A message came. */
  message(data: unknown, atMs: number): void {
    const message = readMessage(data);
    if (!message) return;
    const call = this.#scope.call ?? this.#openCall();
    switch (message.type) {
      case 'SpeechStarted':
        this.#speechStarted(call, this.#clock?.wallMs(message.timestamp) ?? atMs);
        break;
      case 'Results':
        this.#results(call, message, atMs);
        break;
      case 'UtteranceEnd':
        this.#utteranceEnded(call, atMs);
        break;
      case 'Metadata':
        this.#providerSeconds = message.duration;
        break;
      default:
        message satisfies never;
    }
  }

  /** The connection is gone; for good, when it is `final`. */
  closed({ final }: { final: boolean }): void {
    const atMs = nowMs();
    const call = this.#scope.call;
    if (call) {
      this.#giveUp(call, atMs);
      this.#accountRest(call, atMs);
    }
    const own = this.#ownCall;
    if (!own) return;
    if (final) own.end({ reason: 'connection_closed', at: atMs });
    else {
      clearTimeout(this.#endTimer);
      this.#endTimer = setTimeout(() => own.end({ reason: 'connection_lost', at: atMs }), RECONNECT_MS);
      this.#endTimer.unref();
    }
  }

  #openCall(): Call {
    const call = this.#scope.call;
    if (call && !call.ended) return call;
    this.#ownCall = new Call({}, this.#scope);
    return this.#ownCall;
  }

  #speechStarted(call: Call, startMs: number): void {
    if (!this.#utterance || this.#utterance.firstByteMs === undefined)
      this.#utterance = { startMs, segments: [], interim: '' };
    call.tracker.speechStarted(startMs);
  }

  #results(call: Call, message: ListenMessage & { type: 'Results' }, atMs: number): void {
    if (message.transcript !== undefined) this.#words(call, message, atMs);
    if (message.speechFinal || message.fromFinalize || (this.#everyFinalEnds && message.isFinal))
      this.#utteranceEnded(call, atMs);
  }

  #words(call: Call, message: ListenMessage & { type: 'Results' }, atMs: number): void {
    const { words, transcript = '' } = message;
    if (!this.#utterance) {
      const startMs = this.#clock?.wallMs(words.at(0)?.start ?? message.start) ?? atMs;
      this.#speechStarted(call, startMs);
    }
    const utterance = this.#utterance;
    if (!utterance) return;
    if (message.isFinal) {
      if (utterance.segments.length < MAX_SEGMENTS) utterance.segments.push(transcript);
      utterance.interim = '';
      utterance.finalMs = atMs;
      const wordsEnd = words.at(-1)?.end;
      if (wordsEnd !== undefined) utterance.wordsEnd = wordsEnd;
    } else utterance.interim = transcript;
    if (utterance.firstByteMs === undefined) {
      utterance.firstByteMs = atMs;
      call.tracker.wordsHeard(utterance.startMs);
    }
    // Whoever does not wait for the end of the utterance has this to answer.
    if (message.isFinal) this.#speechEnded(call, utterance, atMs);
  }

  #utteranceEnded(call: Call, atMs: number): void {
    const utterance = this.#utterance;
    if (!utterance) return;
    this.#utterance = undefined;
    if (utterance.finalMs === undefined) this.#speechEnded(call, utterance, atMs);
    if (utterance.firstByteMs === undefined) return;
    this.#record(call, utterance, utterance.finalMs ?? atMs, false);
    call.tracker.committed(atMs);
  }

  /** The end is where the last word ended. Words unknown, or no clock: it is when we heard of it. */
  #speechEnded(call: Call, utterance: OpenUtterance, atMs: number): void {
    const { wordsEnd } = utterance;
    const endMs = wordsEnd === undefined ? undefined : this.#clock?.wallMs(wordsEnd);
    call.tracker.speechEnded(endMs ?? atMs, endMs === undefined ? 'stt_event' : 'stt_word_end');
  }

  /** The connection closes in the middle of an utterance. */
  #giveUp(call: Call, atMs: number): void {
    const utterance = this.#utterance;
    this.#utterance = undefined;
    if (!utterance) return;
    if (utterance.finalMs === undefined) this.#speechEnded(call, utterance, atMs);
    if (utterance.firstByteMs !== undefined) this.#record(call, utterance, atMs, true);
  }

  #record(call: Call, utterance: OpenUtterance, endMs: number, cancelled: boolean): void {
    const said = [...utterance.segments, utterance.interim].filter((part) => part !== '').join(' ');
    call.tracker.utterance({
      startAt: utterance.startMs,
      firstByteAt: utterance.firstByteMs,
      endAt: endMs,
      facts: this.#facts,
      result: { text: said, usage: this.#account(this.#clock?.seconds) },
      cancelled,
    });
  }

  /** What was sent and belongs to no utterance: silence, mostly. It is billed all the same. */
  #accountRest(call: Call, atMs: number): void {
    const startMs = this.#accountedMs;
    const usage = this.#account(this.#providerSeconds ?? this.#clock?.seconds);
    if (usage) call.startStage('stt', { ...this.#facts, at: startMs }).end({ usage, at: atMs });
    this.#clock?.restart();
    this.#accountedSeconds = 0;
    this.#providerSeconds = undefined;
  }

  /** The audio up to `totalSeconds` that was not accounted yet. In whole microseconds, so that sums are exact. */
  #account(totalSeconds: number | undefined): { audioSeconds: number } | undefined {
    if (totalSeconds === undefined) return undefined;
    const restUs = Math.round(totalSeconds * 1e6) - Math.round(this.#accountedSeconds * 1e6);
    if (restUs <= 0) return undefined;
    this.#accountedSeconds = totalSeconds;
    this.#accountedMs = nowMs();
    return { audioSeconds: restUs / 1e6 };
  }
}
