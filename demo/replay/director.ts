import type { CallScript, Exchange, Request, Synthesis } from '../../exporter/replay/script.ts';
import { answerOf } from '../../exporter/replay/stand-in.ts';
import type { CallerStep } from '../phone-caller.ts';
import type { ScriptedSpeech } from '../simulators/cartesia-truth.ts';
import type { ScriptedAnswer, ScriptedRequest } from '../simulators/chat.ts';
import type { TranscriptScript } from '../simulators/deepgram.ts';
import type { Fault } from '../simulators/fault.ts';
import type { ChatReply } from '../simulators/receptionist.ts';
import type { Utterance } from '../speech.ts';
import { standInSpeech } from './speech.ts';
import { argumentsFor, toolNamed } from './tool-arguments.ts';

/** What an agent did otherwise than in the call that is played again. */
export interface Deviation {
  readonly turn: number | undefined;
  readonly what: 'more_requests' | 'more_syntheses' | 'no_tool';
  readonly name?: string;
}

/** A kind of provider that stands in. */
export type Provider = 'stt' | 'llm' | 'tts';

/** One exchange as it is played: what of it has been asked for. */
interface Played {
  readonly exchange: Exchange;
  readonly answer: string;
  requests: number;
  syntheses: number;
}

/** How long an agent may take to listen. */
const LONGEST_RINGING_MS = 10_000;

/** Tells the caller and the providers of a call what to do when: each as in the call that is played again. */
export class Director {
  readonly #script: CallScript;
  readonly #played: readonly Played[];
  readonly #speech: readonly (Utterance | undefined)[];
  readonly #deviations: Deviation[] = [];
  readonly #asked = new Set<Provider>();
  #current = 0;
  #askedAt: number | undefined;
  #lastAnswer: ScriptedAnswer = {};
  #lastSpeech: ScriptedSpeech = {};

  constructor(script: CallScript) {
    this.#script = script;
    this.#played = script.exchanges.map((exchange, index) => ({
      exchange,
      answer: answerOf(exchange, index),
      requests: 0,
      syntheses: 0,
    }));
    this.#speech = script.exchanges.map(({ speech }, index) => speech && standInSpeech(speech, index));
  }

  get deviations(): readonly Deviation[] {
    return this.#deviations;
  }

  /** What the agent needs in the script and has not asked for here; what comes after it in an answer follows from it. */
  get unasked(): Provider | undefined {
    const has = (of: (exchange: Exchange) => boolean): boolean => this.#script.exchanges.some(of);
    const needed: readonly (readonly [Provider, boolean])[] = [
      ['stt', has(({ speech }) => speech !== undefined)],
      ['llm', has(({ requests }) => requests.length > 0)],
      ['tts', has(({ syntheses }) => syntheses.length > 0)],
    ];
    return needed.find(([provider, isNeeded]) => isNeeded && !this.#asked.has(provider))?.[0];
  }

  /** What is said before is lost; of an agent that never sends its audio where it is to, no one waits forever. */
  readonly #isHeard = (): boolean => {
    this.#askedAt ??= performance.now();
    return this.#asked.has('stt') || performance.now() - this.#askedAt > LONGEST_RINGING_MS;
  };

  /** What the caller does, in order. */
  get steps(): readonly CallerStep[] {
    const said = this.#script.exchanges.flatMap(({ speech }, index): CallerStep[] => {
      const utterance = this.#speech[index];
      if (speech === undefined || utterance === undefined) return [];
      if (speech.after === 'answer_start') return [{ kind: 'barge_in', utterance, afterMs: speech.afterMs }];
      const wait: CallerStep =
        speech.after === 'answer_end'
          ? { kind: 'after_answer', ms: speech.afterMs }
          : { kind: 'pause', ms: speech.afterMs };
      const listening: CallerStep = { kind: 'until', what: 'the agent to listen', met: this.#isHeard };
      return [wait, ...(speech.after === 'connect' ? [listening] : []), { kind: 'say', utterance }];
    });
    const last = this.#script.exchanges.at(-1);
    const isAnswered = last !== undefined && last.syntheses.length > 0;
    const end: CallerStep = isAnswered
      ? { kind: 'after_answer', ms: this.#script.hangUpMs }
      : { kind: 'pause', ms: this.#script.hangUpMs };
    return [...said, end, { kind: 'hang_up' }];
  }

  /** For the simulator of speech to text. */
  get transcripts(): TranscriptScript {
    return {
      speech: this.#speech.filter((utterance) => utterance !== undefined),
      finalMs: (name) => this.#played[Number(name)]?.exchange.transcriptMs,
      onListening: () => {
        this.#asked.add('stt');
      },
      onHeard: (name) => {
        this.#current = Math.max(this.#current, Number(name));
      },
    };
  }

  /** For the simulator of language models. */
  answer({ tools, isRetry }: ScriptedRequest): ScriptedAnswer {
    this.#asked.add('llm');
    if (!isRetry) this.#lastAnswer = this.#nextAnswer(tools);
    return this.#lastAnswer;
  }

  #nextAnswer(tools: readonly unknown[]): ScriptedAnswer {
    const played = this.#played[this.#current];
    if (played === undefined) return {};
    const { exchange, answer } = played;
    const index = played.requests++;
    const request = exchange.requests[index];
    if (request === undefined) this.#deviate('more_requests');
    const known = request ?? exchange.requests.at(-1);
    const { firstMs, ms, textMs, error, usage } = known ?? {};
    const reply = this.#reply(request, answer, tools);
    const fault = error === undefined ? undefined : faultOf(error);
    const dueMs = firstMs ?? (fault === undefined ? undefined : ms);
    return {
      reply,
      ...(dueMs !== undefined && { firstTokenMs: dueMs }),
      ...(firstMs !== undefined && ms !== undefined && { tokenMs: pacing(ms - firstMs, textMs) }),
      ...(fault !== undefined && { fault }),
      ...(usage !== undefined && {
        usage: {
          ...(usage.inputTokens !== undefined && { prompt: usage.inputTokens }),
          ...(usage.outputTokens !== undefined && { completion: usage.outputTokens }),
          ...(usage.cachedInputTokens !== undefined && { cached: usage.cachedInputTokens }),
        },
      }),
    };
  }

  #reply(request: Request | undefined, text: string, tools: readonly unknown[]): ChatReply {
    if (request?.tool === undefined) return { kind: 'text', text };
    const tool = toolNamed(tools, request.tool);
    if (tool === undefined) {
      this.#deviate('no_tool', request.tool);
      return { kind: 'text', text };
    }
    return { kind: 'tool_call', name: request.tool, arguments: argumentsFor(tool) };
  }

  /** For the simulator of text to speech. */
  speech(text: string, isRetry: boolean): ScriptedSpeech {
    this.#asked.add('tts');
    if (!isRetry) this.#lastSpeech = this.#nextSpeech(text);
    return this.#lastSpeech;
  }

  #nextSpeech(text: string): ScriptedSpeech {
    const played = this.#exchangeOf(text);
    if (played === undefined) return {};
    const { syntheses } = played.exchange;
    const index = played.syntheses++;
    const synthesis = syntheses[index];
    if (synthesis === undefined && !played.exchange.cutOff) this.#deviate('more_syntheses');
    const known = synthesis ?? syntheses.at(-1);
    if (known === undefined) return {};
    const { firstMs, ms, error } = known;
    const fault = error === undefined ? undefined : faultOf(error);
    const dueMs = firstMs ?? (fault === undefined ? undefined : ms);
    const audioSeconds = audioSecondsOf(synthesis, text);
    return {
      ...(dueMs !== undefined && { firstByteMs: dueMs }),
      ...(firstMs !== undefined && synthesis?.audioMs !== undefined && { restMs: ms - firstMs }),
      ...(audioSeconds !== undefined && { audioSeconds }),
      ...(fault !== undefined && { fault }),
    };
  }

  /** The exchange whose answer has the text: an answer may be spoken when the user speaks already. */
  #exchangeOf(text: string): Played | undefined {
    const near = [this.#played[this.#current], this.#played[this.#current - 1]];
    return near.find((played) => played?.answer.includes(text.trim())) ?? near[0];
  }

  #deviate(what: Deviation['what'], name?: string): void {
    const turn = this.#played[this.#current]?.exchange.turns[0];
    this.#deviations.push({ turn, what, ...(name !== undefined && { name }) });
  }
}

/** Of another text the audio is as much longer or shorter. */
function audioSecondsOf(synthesis: Synthesis | undefined, text: string): number | undefined {
  const { audioMs, characters } = synthesis ?? {};
  if (audioMs === undefined) return undefined;
  const share = characters === undefined || characters === 0 ? 1 : text.length / characters;
  return (audioMs / 1_000) * share;
}

/** A request that failed with a status gets it again, at once; one that failed otherwise is cut off, after as long. */
function faultOf(error: string): Fault {
  const status = Number(error);
  if (Number.isInteger(status) && status >= 400 && status <= 599) return { kind: 'status', status };
  return { kind: 'cut', afterChunks: 0 };
}

/**
 * When each piece of an answer comes, after the first: the first sentence is there when it was there in the call, and the last piece
 * when the request ended.
 */
export function pacing(
  restMs: number,
  textMs: number | undefined,
): (index: number, pieces: readonly string[]) => number {
  return (index, pieces) => {
    const last = Math.max(1, pieces.length - 1);
    const sentence = pieces.findIndex(
      (piece, at) => at > 0 && /^\s/.test(piece) && /[.!?]$/.test(pieces[at - 1] ?? ''),
    );
    if (textMs === undefined || sentence < 1 || textMs > restMs)
      return (restMs * Math.min(index, last)) / last;
    if (index <= sentence) return (textMs * index) / sentence;
    return textMs + ((restMs - textMs) * (Math.min(index, last) - sentence)) / Math.max(1, last - sentence);
  };
}
