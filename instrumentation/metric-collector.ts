import type { Micros } from '../model/facts.ts';
import { Call, type CallEnd, type CallStart } from './call/call.ts';
import { type Instant, instantUs, seconds } from './call/clock.ts';
import { guard, guardMethods } from './call/spans.ts';
import type { Stage, StageFacts, StageResult } from './call/stage.ts';
import type { Turn } from './call/turn.ts';

/** Latencies of one turn, in seconds. Absent: not measured. Definitions: docs/definitions.md. */
export interface TurnLatencies {
  turnIndex: number;
  ttfbStt?: number;
  latencyStt?: number;
  ttfbLlm?: number;
  latencyLlm?: number;
  ttfbTts?: number;
  latencyTts?: number;
  /** End of utterance (`onSpeechEnd`; else turn start) to `onAudioPlaybackStart`. */
  eouLatency?: number;
}

type At = { at?: Instant | undefined };

/**
 * The hooks of the system that earshot replaces, on top of the same call and turn: for agents that call a method at
 * each step instead of being instrumented. One collector a call.
 *
 * Hooks may come in any order, twice or never: a step whose start is missing is not measured, and nothing throws.
 *
 * @example
 * ```ts
 * const metrics = new MetricCollector({ id: callSid, transport: 'twilio' });
 * metrics.startTurn();
 * metrics.onLlmStart({ provider: 'groq', model: 'llama-3.1-8b-instant' });
 * metrics.onLlmComplete({ usage: { inputTokens: 812, outputTokens: 64 } });
 * metrics.onAudioPlaybackStart();
 * metrics.finalizeTurn(); // { turnIndex: 0, latencyLlm: 0.41, eouLatency: 0.93 }
 * metrics.endCall({ reason: 'hangup' });
 * ```
 */
export class MetricCollector {
  readonly call: Call;
  #turn: Turn | undefined;
  #stt: Stage | undefined;
  #llm: Stage | undefined;
  #tts: Stage | undefined;
  #speechEndUs: Micros | undefined;

  /** @param call A call to measure, or what is known of a new one. */
  constructor(call: Call | CallStart = {}) {
    this.call = call instanceof Call ? call : new Call(call);
  }

  /** Begins a turn. One that is still open is finalized first. */
  startTurn({ initiator, at }: { initiator?: 'user' | 'agent' } & At = {}): void {
    if (this.#turn) this.finalizeTurn({ at });
    this.#turn = guard('starting a turn', () =>
      this.call.startTurn({ ...(initiator && { initiator }), ...(at !== undefined && { at }) }),
    );
  }

  /** The user fell silent: the end of utterance. */
  onSpeechEnd({ at }: At = {}): void {
    this.#speechEndUs = instantUs(at);
    this.#turn?.userSpeechEnded({ at: this.#speechEndUs / 1_000 });
  }

  onSttStart(facts: StageFacts & At = {}): void {
    this.#stt?.end();
    this.#stt = this.#start('stt', facts);
  }

  onSttFirstByte(at: At = {}): void {
    this.#stt?.firstByte(at?.at);
  }

  /** The final transcript. `text` is scored and, when content capture is on, recorded. */
  onSttComplete(result: StageResult = {}): void {
    this.#stt?.end(result);
  }

  /** The model is asked. What speech-to-text gave by now is its final transcript. */
  onLlmStart(facts: StageFacts & At = {}): void {
    this.#stt?.end({ at: facts?.at });
    this.#llm?.end();
    this.#llm = this.#start('llm', facts);
  }

  onLlmFirstByte(at: At = {}): void {
    this.#llm?.firstByte(at?.at);
  }

  onLlmComplete(result: StageResult = {}): void {
    this.#llm?.end(result);
  }

  onTtsStart(facts: StageFacts & At = {}): void {
    this.#tts?.end();
    this.#tts = this.#start('tts', facts);
  }

  onTtsFirstByte(at: At = {}): void {
    this.#tts?.firstByte(at?.at);
  }

  onTtsComplete(result: StageResult = {}): void {
    this.#tts?.end(result);
  }

  onAudioPlaybackStart({ at }: At = {}): void {
    guard('starting playback', () => this.#turn?.startPlayback({ ...(at !== undefined && { at }) }));
  }

  onAudioPlaybackEnd({ at }: At = {}): void {
    if (this.#turn?.playing) this.#turn.startPlayback().end({ at });
  }

  /** The user spoke over the agent, which was stopped. */
  onInterruption({ at }: At = {}): void {
    this.#turn?.interruption({ kind: 'barge_in', atUs: instantUs(at) });
  }

  /** Ends the turn and gives its latencies; undefined when none was begun. */
  finalizeTurn({ at }: At = {}): TurnLatencies | undefined {
    const turn = this.#turn;
    if (!turn) return undefined;
    for (const stage of [this.#stt, this.#llm, this.#tts]) stage?.end({ at });
    turn.end({ at });
    const latencies = this.#latencies(turn);
    this.#turn = this.#stt = this.#llm = this.#tts = this.#speechEndUs = undefined;
    return latencies;
  }

  /** Finalizes the open turn and ends the call. */
  endCall(end: CallEnd = {}): void {
    this.finalizeTurn({ at: end?.at });
    this.call.end(end);
  }

  #start(kind: 'stt' | 'llm' | 'tts', facts: StageFacts & At): Stage | undefined {
    return guard(`starting ${kind}`, () => this.#turn?.startStage(kind, facts ?? {}));
  }

  #latencies(turn: Turn): TurnLatencies {
    const latencies: TurnLatencies = { turnIndex: turn.index };
    const put = (name: Exclude<keyof TurnLatencies, 'turnIndex'>, fromUs?: Micros, toUs?: Micros) => {
      if (fromUs !== undefined && toUs !== undefined && toUs >= fromUs)
        latencies[name] = seconds(toUs - fromUs);
    };
    put('ttfbStt', this.#stt?.startUs, this.#stt?.firstByteUs);
    put('latencyStt', this.#speechEndUs, this.#stt?.endUs);
    put('ttfbLlm', this.#llm?.startUs, this.#llm?.firstByteUs);
    put('latencyLlm', this.#llm?.startUs, this.#llm?.endUs);
    put('ttfbTts', this.#tts?.startUs, this.#tts?.firstByteUs);
    put('latencyTts', this.#tts?.startUs, this.#tts?.endUs);
    const asked = this.#speechEndUs ?? (turn.initiator === 'user' ? turn.startUs : undefined);
    put('eouLatency', asked, turn.playbackStartedUs ?? turn.firstTtsByteUs);
    return latencies;
  }
}

guardMethods(MetricCollector);
