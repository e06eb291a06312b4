import type { Fact, FactBase, StageFact } from '../../model/facts.ts';
import { ATTR } from '../../model/semconv.ts';
import type { SpanRecord } from '../../model/span-record.ts';
import type { StageKind } from '../../model/vocabulary.ts';
import { addPresent, count, index, oneOf, present, quantity, text } from './attributes.ts';
import { callIdOf, type Dialect, factBase } from './dialect.ts';
import { GEN_AI } from './names.ts';
import { afterStart, chatStage, finishReasonsOf, modelNames, otherFact, stageFact } from './stages.ts';
import { someUsage, tokenUsage } from './tokens.ts';

/**
 * Spans that follow OpenTelemetry's GenAI conventions, from any library: the released names of 1.45.0, those before
 * them, and the open proposals for voice, #390 (speech) and #394 (realtime), as far as their drafts agree. Seconds.
 */
export const genai: Dialect = { name: 'genai', recognises, read };

/**
 * `gen_ai.operation.name`: what a span of it is. Others (`invoke_agent`, `embeddings`) repeat their children or cost else.
 * `responses` is Sentry's, those with a dot and `text_completions` are Semantic Kernel's.
 */
const STAGE: Readonly<Record<string, StageKind>> = {
  chat: 'llm',
  'chat.completions': 'llm',
  'chat.streaming_completions': 'llm',
  responses: 'llm',
  completion: 'llm',
  text_completion: 'llm',
  text_completions: 'llm',
  'text.completions': 'llm',
  generate_content: 'llm',
  realtime_inference: 'llm',
  generate_live_content: 'llm',
  speech_to_text: 'stt',
  text_to_speech: 'tts',
  execute_tool: 'tool',
};

/** Operations of models that hear and speak themselves. */
const REALTIME: ReadonlySet<string> = new Set(['realtime_inference', 'generate_live_content']);

/** Proposal #390: `invoke_agent` holds one turn of a voice agent, and says how it ended. */
const TURN_END = ['gen_ai.agent.invocation.end_reason', 'gen_ai.conversation.turn.end_reason'] as const;
const END_REASONS = ['completed', 'interrupted', 'session_closed'] as const;

function recognises({ attributes }: SpanRecord): boolean {
  return text(attributes, GEN_AI.operation) !== undefined;
}

function read(span: SpanRecord): Fact | undefined {
  const callId = callIdOf(span);
  return callId === undefined ? undefined : readAs(span, callId);
}

/** Reads a span of the conventions that another dialect knows the call of. */
export function readAs(span: SpanRecord, callId: string): Fact {
  const base = factBase(span, callId);
  const operation = text(span.attributes, GEN_AI.operation) ?? '';
  const stage = Object.hasOwn(STAGE, operation) ? STAGE[operation] : undefined;
  if (stage === 'llm') {
    // The conventions' reason for an answer that was cut off.
    const isCutOff = base.errorType === undefined && finishReasonsOf(span.attributes)?.includes('error');
    return chatStage(span, base, {
      realtime: REALTIME.has(operation) || undefined,
      cancelled: isCutOff || undefined,
    });
  }
  if (stage !== undefined) return otherStage(span, base, stage);
  if (operation === SPEECH) return speechRequest(span, base);
  const ended = operation === 'invoke_agent' ? turnEnd(span) : undefined;
  if (ended === undefined) {
    const turnIndex = index(span.attributes, ATTR.turnIndex);
    return addPresent(otherFact(base), { turnIndex });
  }
  return { ...base, type: 'turn_part', part: 'both', interrupted: ended === 'interrupted' };
}

const turnEnd = ({ attributes }: SpanRecord) =>
  oneOf(attributes, TURN_END[0], END_REASONS) ?? oneOf(attributes, TURN_END[1], END_REASONS);

/** OpenLIT's word for speech of either direction. What it makes of it says `text`, the format of the sound, or nothing. */
const SPEECH = 'audio';
const OUTPUT_TYPE = 'gen_ai.output.type';
/** Seconds. */
const AUDIO_DURATION = 'gen_ai.request.audio_duration';

/** A recording, or a text, at a time. Its tokens are OpenLIT's own guess. */
function speechRequest({ attributes }: SpanRecord, base: FactBase): StageFact {
  const isText = text(attributes, OUTPUT_TYPE) === 'text';
  const audioSeconds = isText ? quantity(attributes, AUDIO_DURATION) : undefined;
  return stageFact(base, {
    ...modelNames(attributes),
    stage: isText ? 'stt' : 'tts',
    turnIndex: index(attributes, ATTR.turnIndex),
    streaming: isText ? false : undefined,
    usage: someUsage(present({ audioSeconds })),
  });
}

function otherStage(span: SpanRecord, base: FactBase, stage: StageKind): StageFact {
  const { attributes } = span;
  return stageFact(base, {
    ...(stage === 'tool' ? { toolName: text(attributes, GEN_AI.toolName) } : modelNames(attributes)),
    stage,
    turnIndex: index(attributes, ATTR.turnIndex),
    firstByteUs: afterStart(span, quantity(attributes, GEN_AI.timeToFirstChunk)),
    usage:
      stage === 'tool'
        ? undefined
        : someUsage({
            ...tokenUsage(attributes),
            ...present({
              audioSeconds: quantity(attributes, GEN_AI.audioSeconds),
              characters: count(attributes, GEN_AI.characters),
            }),
          }),
  });
}
