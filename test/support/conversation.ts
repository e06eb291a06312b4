import { type Context, ROOT_CONTEXT, SpanKind, type Tracer, trace } from '@opentelemetry/api';
import { ATTR, EVENT, llmSpanName, OPERATION, SPAN } from '../../model/semconv.ts';

/** 2026-11-01T00:00:00Z in seconds: every model here has a price then. */
const BASE_SECONDS = 1_793_491_200;
/** Options of what reads or writes conversations: they do not expire, on whatever day a test runs. */
export const KEEPS_CONVERSATIONS = { spanRetention: 3_650 * 86_400_000 } as const;

const at = (seconds: number): [number, number] => {
  const whole = Math.floor(seconds);
  return [BASE_SECONDS + whole, Math.round((seconds - whole) * 1e6) * 1_000];
};

/** One span of a conversation, to be ended when the test wants it. */
export interface Ending {
  readonly name: string;
  end(): void;
}

/**
 * A call with its spans as earshot writes them, through any tracer: each turn 10 s after the one before, EOU latency
 * 0.8 s (endpointing 0.2, preparation 0.05, llm 0.25, aggregation 0.05, tts 0.15, playout 0.1). Nothing is ended yet.
 */
export function conversation(
  tracer: Tracer,
  callId: string,
  turns = 2,
  turnAttributes: Readonly<Record<string, string>> = {},
): Ending[] {
  const endings: Ending[] = [];
  const common = { [ATTR.callId]: callId };

  function start(
    name: string,
    [from, to]: readonly [number, number],
    parent: Context,
    attributes: Record<string, string | number | boolean>,
    events: readonly (readonly [string, number])[] = [],
  ): Context {
    const span = tracer.startSpan(
      name,
      { kind: SpanKind.CLIENT, startTime: at(from), attributes: { ...common, ...attributes } },
      parent,
    );
    for (const [event, time] of events) span.addEvent(event, {}, at(time));
    endings.push({ name, end: () => span.end(at(to)) });
    return trace.setSpan(parent, span);
  }

  for (let index = 0; index < turns; index += 1) {
    const zero = 10 * index + 1;
    const model = (provider: string, name: string) => ({
      [ATTR.turnIndex]: index,
      [ATTR.providerName]: provider,
      [ATTR.requestModel]: name,
    });
    const turn = start(
      SPAN.turn,
      [zero, zero + 5],
      ROOT_CONTEXT,
      {
        [ATTR.turnIndex]: index,
        [ATTR.turnInitiator]: 'user',
        [ATTR.eouSource]: 'stt_word_end',
        ...turnAttributes,
      },
      [
        [EVENT.userSpeechStarted, zero],
        [EVENT.userSpeechEnded, zero + 2],
        [EVENT.turnCommitted, zero + 2.2],
      ],
    );
    start(
      SPAN.stt,
      [zero, zero + 2.1],
      turn,
      {
        ...model('deepgram', 'nova-3'),
        [ATTR.stage]: 'stt',
        [ATTR.sttStreaming]: true,
        [ATTR.usageAudioSeconds]: 2.1,
      },
      [[EVENT.firstByte, zero + 0.4]],
    );
    start(
      llmSpanName('llama-3.1-8b-instant'),
      [zero + 2.25, zero + 3],
      turn,
      {
        ...model('groq', 'llama-3.1-8b-instant'),
        [ATTR.stage]: 'llm',
        [ATTR.operationName]: OPERATION.llm,
        [ATTR.inputTokens]: 800,
        [ATTR.outputTokens]: 50,
      },
      [[EVENT.firstByte, zero + 2.5]],
    );
    start(
      SPAN.tts,
      [zero + 2.55, zero + 3.2],
      turn,
      { ...model('cartesia', 'sonic-2'), [ATTR.stage]: 'tts', [ATTR.usageCharacters]: 120 },
      [[EVENT.firstByte, zero + 2.7]],
    );
    start(SPAN.playback, [zero + 2.8, zero + 5], turn, {
      [ATTR.turnIndex]: index,
      [ATTR.stage]: 'playback',
      [ATTR.playbackSource]: 'observed',
    });
  }
  start(SPAN.call, [0, 10 * turns + 5], ROOT_CONTEXT, {
    [ATTR.callDirection]: 'inbound',
    [ATTR.outcome]: 'SUCCESS',
  });
  return endings;
}

/** Ends every span, in the order given. */
export function endAll(endings: readonly Ending[]): void {
  for (const ending of endings) ending.end();
}

/** One more turn of the conversation, and nothing in it. */
export function endTurn(tracer: Tracer, callId: string, index: number): void {
  const attributes = { [ATTR.callId]: callId, [ATTR.turnIndex]: index };
  const zero = 10 * index + 1;
  tracer.startSpan(SPAN.turn, { attributes, startTime: at(zero) }, ROOT_CONTEXT).end(at(zero + 5));
}
