import { latenciesOf } from '../exporter/calls/latencies.ts';
import type { Latency } from '../model/vocabulary.ts';
import type * as api from './call/api.ts';
import type { At, CallEnd, CallStart, StageFacts, StageResult, TurnStart } from './call/api.ts';
import { Call } from './call/call.ts';
import { instantUs } from './call/clock.ts';
import { AT, readOptions } from './call/options.ts';
import { guard } from './call/spans.ts';
import type { Stage } from './call/stage.ts';
import type { Turn } from './call/turn.ts';

/**
 * Latencies of one turn, in seconds, as its row will have them. Absent: not measured, or cut off before it was over.
 * Definitions: docs/definitions.md.
 */
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

const NAMES: Record<Latency, Exclude<keyof TurnLatencies, 'turnIndex'>> = {
  ttfb_stt: 'ttfbStt',
  latency_stt: 'latencyStt',
  ttfb_llm: 'ttfbLlm',
  latency_llm: 'latencyLlm',
  ttfb_tts: 'ttfbTts',
  latency_tts: 'latencyTts',
  eou_latency: 'eouLatency',
};

/**
 * The hooks of the system that earshot replaces, on top of the same call and turn: for agents that call a method at
 * each step instead of being instrumented. One collector a call.
 *
 * Hooks may come in any order, twice or never: a step whose start is missing is not measured, one whose end is missing
 * is cut off by the next of its kind or by the end of the turn, and nothing throws.
 *
 * @example
 * ```ts
 * const metrics = new MetricCollector({ id: callSid, transport: 'twilio' });
 * metrics.startTurn();
 * metrics.onLlmStart({ provider: 'groq', model: 'llama-3.1-8b-instant' });
 * metrics.onLlmFirstByte();
 * metrics.onLlmComplete({ usage: { inputTokens: 812, outputTokens: 64 } });
 * metrics.onAudioPlaybackStart();
 * metrics.finalizeTurn(); // { turnIndex: 0, ttfbLlm: 0.2, latencyLlm: 0.41, eouLatency: 0.93 }
 * metrics.endCall({ reason: 'hangup' });
 * ```
 */
export class MetricCollector {
  /** The call that is measured. */
  readonly call: api.Call;
  readonly #call: Call;
  #turn: Turn | undefined;
  #stt: Stage | undefined;
  #llm: Stage | undefined;
  #tts: Stage | undefined;

  /** @param call A call to measure, or what is known of a new one. */
  constructor(call?: api.Call | CallStart) {
    this.#call = call instanceof Call ? call : new Call(call);
    this.call = this.#call;
    this.#call.reportsByHand('stt', 'llm', 'tts');
  }

  /** Begins a turn. One that is still open is finalized first. */
  startTurn(start?: TurnStart): void {
    if (this.#turn) this.finalizeTurn(atOf('startTurn', start));
    this.#turn = this.#call.startTurn(start);
  }

  /** The user fell silent: the end of utterance. */
  onSpeechEnd(at?: At): void {
    this.#turn?.userSpeechEnded(atOf('onSpeechEnd', at));
  }

  onSttStart(facts?: StageFacts & At): void {
    this.#stt = this.#next(this.#stt, 'stt', facts);
  }

  onSttFirstByte(at?: At): void {
    this.#stt?.firstByte(atOf('onSttFirstByte', at).at);
  }

  /** The final transcript. `text` is scored and, when content capture is on, recorded. */
  onSttComplete(result?: StageResult): void {
    this.#stt?.end(result);
  }

  /** The model is asked. What speech-to-text gave by now is its final transcript. */
  onLlmStart(facts?: StageFacts & At): void {
    this.#stt?.end(atOf('onLlmStart', facts));
    this.#llm = this.#next(this.#llm, 'llm', facts);
  }

  onLlmFirstByte(at?: At): void {
    this.#llm?.firstByte(atOf('onLlmFirstByte', at).at);
  }

  onLlmComplete(result?: StageResult): void {
    this.#llm?.end(result);
  }

  onTtsStart(facts?: StageFacts & At): void {
    this.#tts = this.#next(this.#tts, 'tts', facts);
  }

  onTtsFirstByte(at?: At): void {
    this.#tts?.firstByte(atOf('onTtsFirstByte', at).at);
  }

  onTtsComplete(result?: StageResult): void {
    this.#tts?.end(result);
  }

  onAudioPlaybackStart(at?: At): void {
    this.#turn?.startPlayback(atOf('onAudioPlaybackStart', at));
  }

  onAudioPlaybackEnd(at?: At): void {
    if (this.#turn?.playing) this.#turn.startPlayback().end(atOf('onAudioPlaybackEnd', at));
  }

  /** The user spoke over the agent, which was stopped. */
  onInterruption(at?: At): void {
    this.#turn?.interruption({ kind: 'barge_in', ...atOf('onInterruption', at) });
  }

  /** Ends the turn and gives its latencies; undefined when none was begun. */
  finalizeTurn(at?: At): TurnLatencies | undefined {
    const turn = this.#turn;
    if (!turn) return undefined;
    const endUs = instantUs(atOf('finalizeTurn', at).at);
    for (const stage of [this.#stt, this.#llm, this.#tts]) stage?.cutOff(endUs / 1_000);
    turn.end({ at: endUs / 1_000 });
    this.#turn = this.#stt = this.#llm = this.#tts = undefined;
    return guard('reading latencies', () => turnLatencies(turn, endUs)) ?? { turnIndex: turn.index };
  }

  /** Finalizes the open turn and ends the call. */
  endCall(end?: CallEnd): void {
    this.finalizeTurn(atOf('endCall', end));
    this.#call.end(end);
  }

  #next(before: Stage | undefined, kind: 'stt' | 'llm' | 'tts', facts?: StageFacts & At): Stage | undefined {
    before?.cancel(atOf('onStart', facts));
    return this.#turn?.startStage(kind, facts);
  }
}

/** When a hook says that it happened. */
function atOf(hook: string, given: At | undefined): At {
  return readOptions(`MetricCollector.${hook}`, AT, given);
}

function turnLatencies(turn: Turn, endUs: number): TurnLatencies {
  const latencies: TurnLatencies = { turnIndex: turn.index };
  for (const [name, seconds] of Object.entries(latenciesOf(turn.markedAt(endUs))))
    if (seconds !== null) latencies[NAMES[name as Latency]] = seconds;
  return latencies;
}
