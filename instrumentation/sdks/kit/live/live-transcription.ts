import type { Context } from '@opentelemetry/api';
import type { Call } from '../../../call/call.ts';
import { nowMs } from '../../../call/clock.ts';
import { beforeProcessEnds } from '../../../call/process-end.ts';
import type { StageFacts } from '../../../call/stage.ts';
import { AudioClock } from './audio-clock.ts';
import { ConnectionCall } from './connection-call.ts';
import { type AudioPosition, pausesBetween, type Words, type WordsEnd } from './words.ts';

/** Segments of one utterance whose words are kept. */
const MAX_SEGMENTS = 64;
/** No one pauses so often in one utterance. */
const MAX_PAUSES = 64;

/** What is known of a live transcription when it is opened. */
export interface LiveTranscriptionInit {
  /** Provider and model as billed. */
  facts: StageFacts;
  /**
   * Of the audio's encoding: 8000 for mulaw at 8 kHz. Unknown: positions in the audio are not instants, and no audio is
   * counted. `told`: the provider says it later, which `sentIsOf` hears.
   */
  bytesPerSecond: number | undefined | 'told';
  /** What stands between two final pieces of an utterance. (Default: a space.) */
  separator?: string;
  /** The context that the application connects in. (Default: the active one.) */
  active?: Context | undefined;
}

/** What the user is saying and what of it was understood, until it is final. */
interface OpenUtterance {
  startMs: number;
  /** It is when the user began, and not when we first heard of it. */
  startKnown: boolean;
  firstByteMs?: number;
  /** Arrival of the last final words. */
  finalMs?: number;
  /** End of the last final word, in seconds of audio. */
  endSeconds?: number;
  /** End of the audio in which the last word was understood, in seconds of audio. */
  heardBySeconds?: number;
  /** When the user seemed to have finished. Absent: never, or they have gone on since. */
  pausedMs?: number;
  segments: string[];
  /** What was understood after the last final words. */
  interim: string;
  /** Seconds of each silence between final words. Absent: not known of some of them. */
  pauses?: number[] | undefined;
}

/**
 * One live transcription, across its reconnects: what its provider's messages mean for the call's turns. Positions in the
 * audio become instants by the clock of the audio that was sent. Audio is accounted where an utterance ends, and the rest
 * when the connection closes: the sum is what was sent, or what the provider says it was.
 */
export class LiveTranscription {
  readonly #call: ConnectionCall;
  readonly #facts: StageFacts;
  readonly #clock: AudioClock | undefined;
  readonly #separator: string;
  #utterance: OpenUtterance | undefined;
  #accountedSeconds = 0;
  #accountedMs = nowMs();
  #billedSeconds: number | undefined;
  /** Where the audio ends that the provider has looked at, which counts where neither it nor our clock knows how much came. */
  #processedSeconds: number | undefined;
  /** The call that knows that it is listened to. */
  #listening: Call | undefined;
  #forgetProcessEnd: (() => void) | undefined;

  constructor({ facts, bytesPerSecond, separator = ' ', active }: LiveTranscriptionInit) {
    this.#call = new ConnectionCall(active);
    this.#facts = { streaming: true, ...facts };
    if (bytesPerSecond !== undefined)
      this.#clock = new AudioClock(bytesPerSecond === 'told' ? undefined : bytesPerSecond);
    this.#separator = separator;
  }

  /** Where everything that the connection causes runs. */
  get context(): Context {
    return this.#call.context;
  }

  /** A frame of audio was sent. On the audio path: no allocation. */
  sent(bytes: number, atMs: number): void {
    if (this.#listening === undefined || this.#call.current !== this.#listening) this.#open();
    this.#clock?.sent(bytes, atMs);
  }

  /** The provider says that what was sent has so many bytes a second. */
  sentIsOf(bytesPerSecond: number): void {
    this.#clock?.isOf(bytesPerSecond);
  }

  /** The connection stands. The provider counts the audio from here. */
  opened(): void {
    this.#forgetProcessEnd ??= beforeProcessEnds(() => this.#accountOpen());
    this.#call.connected();
    this.#clock?.restart();
    this.#accountedSeconds = 0;
    this.#accountedMs = nowMs();
    this.#billedSeconds = undefined;
    this.#processedSeconds = undefined;
  }

  /** The user began to speak. */
  speechStarted({ seconds, atMs }: AudioPosition): void {
    this.#begin(this.#open(), this.#wallMs(seconds) ?? atMs, true);
  }

  /** Words were understood, for the first time or again. */
  heard(words: Words): void {
    const call = this.#open();
    const { text, final, atMs } = words;
    const startMs = this.#wallMs(words.startSeconds);
    const utterance = this.#utterance ?? this.#begin(call, startMs ?? atMs, startMs !== undefined);
    if (startMs !== undefined && !utterance.startKnown) this.#startLearnt(call, utterance, startMs);
    if (final) {
      if (utterance.segments.length < MAX_SEGMENTS) utterance.segments.push(text);
      utterance.interim = '';
      utterance.finalMs = atMs;
      utterance.pauses = pausesWith(utterance, words);
      if (words.endSeconds !== undefined) utterance.endSeconds = words.endSeconds;
    } else {
      utterance.interim = text;
      delete utterance.pausedMs;
    }
    if (words.heardBySeconds !== undefined) utterance.heardBySeconds = words.heardBySeconds;
    if (utterance.firstByteMs === undefined) {
      utterance.firstByteMs = atMs;
      call.tracker.wordsHeard(utterance.startMs);
    }
    // An agent that does not wait for the end of the utterance answers this.
    if (final) this.#speechEnded(call, utterance, utterance.pausedMs ?? atMs);
  }

  /**
   * The user seems to have finished, and may yet go on: an early answer begins here. The end of what was
   * understood so far counts as long as nothing follows.
   */
  speechPaused(end: WordsEnd): void {
    if (!this.#utterance) return;
    this.#utterance.pausedMs = end.atMs;
    this.#speechEnded(this.#open(), end, end.atMs);
  }

  /** What the user said is accepted as finished. Says nothing when nothing was being said. */
  utteranceEnded(atMs: number): void {
    const call = this.#open();
    const utterance = this.#utterance;
    if (!utterance) return;
    this.#utterance = undefined;
    if (utterance.finalMs === undefined) this.#speechEnded(call, utterance, utterance.pausedMs ?? atMs);
    if (utterance.firstByteMs === undefined) return;
    this.#record(call, utterance, utterance.finalMs ?? atMs, false);
    call.tracker.committed(atMs);
  }

  /** The provider says how much audio it was sent on this connection, in seconds: that is what it bills. */
  billed(seconds: number | undefined): void {
    this.#billedSeconds = seconds;
  }

  /** The provider has looked at the audio of this connection up to `seconds`. */
  processed(seconds: number | undefined): void {
    if (seconds !== undefined && seconds > (this.#processedSeconds ?? 0)) this.#processedSeconds = seconds;
  }

  /**
   * The connection is gone; for good, when it is `final`.
   *
   * @param how.error What it broke by, or why it never stood: its class is recorded.
   */
  closed({ final, error }: { final: boolean; error?: unknown }): void {
    const atMs = nowMs();
    this.#accountOpen(atMs, error);
    this.#call.closed(atMs, { final });
    this.#forgetProcessEnd?.();
    this.#forgetProcessEnd = undefined;
  }

  /** What is known of the connection and of no stage yet becomes stages. */
  #accountOpen(atMs: number = nowMs(), error?: unknown): void {
    const call = this.#call.current;
    if (!call) return;
    this.#giveUp(call, atMs);
    this.#accountRest(call, atMs, error);
  }

  #open(): Call {
    const call = this.#call.current ?? this.#call.open();
    this.#listens(call);
    return call;
  }

  /** What is still being said when the call ends was said in it, whenever the connection closes. */
  #listens(call: Call | undefined): void {
    if (call === undefined || call === this.#listening) return;
    this.#listening = call;
    call.tracker.listens((atUs) => this.#giveUp(call, atUs / 1_000));
  }

  #wallMs(seconds: number | undefined): number | undefined {
    return seconds === undefined
      ? undefined
      : this.#clock?.wallMs(seconds, this.#call.current?.tracker.liveAudio);
  }

  #begin(call: Call, startMs: number, startKnown: boolean): OpenUtterance {
    if (!this.#utterance || this.#utterance.firstByteMs === undefined)
      this.#utterance = { startMs, startKnown, segments: [], interim: '', pauses: [] };
    call.tracker.speechStarted(startMs, startKnown ? 'known' : 'inferred');
    return this.#utterance;
  }

  /** Where the words began is told with the last of them only. */
  #startLearnt(call: Call, utterance: OpenUtterance, startMs: number): void {
    utterance.startKnown = true;
    if (startMs >= utterance.startMs) return;
    utterance.startMs = startMs;
    call.tracker.speechStarted(startMs);
  }

  /** The end is where the last word ended. Unknown, or no clock: it is about what is said here. */
  #speechEnded(call: Call, { endSeconds, heardBySeconds }: Partial<WordsEnd>, atMs: number): void {
    const endMs = this.#wallMs(endSeconds);
    if (endMs !== undefined) call.tracker.speechEnded(endMs, 'stt_word_end');
    else call.tracker.speechEnded(this.#wallMs(heardBySeconds) ?? atMs, 'stt_event');
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
    const parts = [...utterance.segments, utterance.interim].filter((part) => part !== '');
    const said = parts.join(this.#separator).trim();
    const { startMs, startKnown } = utterance;
    // Without the start it is not a latency.
    const firstByteAt = startKnown ? utterance.firstByteMs : undefined;
    const result = { text: said, usage: this.#account(this.#clock?.seconds ?? this.#processedSeconds) };
    if (call.ended) {
      // The user hung up while speaking: no turn will have it, and it was transcribed all the same.
      const stage = call.startStage('stt', { ...this.#facts, at: startMs });
      if (firstByteAt !== undefined) stage.firstByte(firstByteAt);
      stage.cancel({ ...result, at: endMs });
    } else
      call.tracker.utterance({
        startAt: startMs,
        firstByteAt,
        endAt: endMs,
        ...(!cancelled && { pauses: utterance.pauses }),
        facts: this.#facts,
        result,
        cancelled,
      });
  }

  /** What was sent and belongs to no utterance: silence, mostly. It is billed all the same. */
  #accountRest(call: Call, atMs: number, error: unknown): void {
    const startMs = this.#accountedMs;
    const usage = this.#account(this.#billedSeconds ?? this.#clock?.seconds ?? this.#processedSeconds);
    if (usage || error !== undefined) {
      const rest = call.startStage('stt', { ...this.#facts, at: startMs });
      if (error === undefined) rest.end({ usage, at: atMs });
      else rest.fail(error, { usage, at: atMs });
    }
    this.#clock?.restart();
    this.#accountedSeconds = 0;
    this.#billedSeconds = undefined;
    this.#processedSeconds = undefined;
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

/** The pauses of an utterance so far, and those of the final words that go on with it; undefined: not all are known. */
function pausesWith({ pauses, endSeconds: end }: OpenUtterance, words: Words): number[] | undefined {
  const { pauses: more, startSeconds: start } = words;
  if (pauses === undefined || more === undefined || start === undefined) return undefined;
  const between =
    end === undefined
      ? []
      : pausesBetween([
          { start: end, end },
          { start, end: start },
        ]);
  return [...pauses, ...between, ...more].slice(0, MAX_PAUSES);
}
