import type { Fact } from '../../model/facts.ts';
import type { SpanRecord } from '../../model/span-record.ts';
import { text } from './attributes.ts';
import { callIdFrom } from './call-id.ts';
import { type Dialect, factBase } from './dialect.ts';
import { GEN_AI } from './names.ts';
import { chatStage, modelNames, otherFact, stageFact } from './stages.ts';

/**
 * Traceloop's OpenLLMetry, JavaScript 0.27 and Python 0.62. LLM spans are those of the GenAI conventions but for some
 * names; which of them an instrumentation writes depends on its age: the older ones name their requests by
 * `llm.request.type`. The first token is known of streams of OpenAI's in Python only; there is no audio and no realtime.
 */
export const traceloop: Dialect = { name: 'traceloop', recognises, read };

/**
 * Its scopes in JavaScript. Those of Python (`opentelemetry.instrumentation.langchain`) are OpenTelemetry's own as well:
 * there the names say whose the span is.
 */
const SCOPES = /^@traceloop\//;
const PYTHON_SCOPES = /^opentelemetry\.instrumentation\./;

const TL = {
  kind: 'traceloop.span.kind',
  entityName: 'traceloop.entity.name',
  requestType: 'llm.request.type',
  workflow: 'traceloop.workflow.name',
} as const;

/** `withAssociationProperties`: names that people give to the conversation, most particular first. */
const CALL = ['call_id', 'conversation_id', 'session_id', 'chat_id'].map(
  (name) => `traceloop.association.properties.${name}`,
);

const OWN_NAMES: readonly string[] = [TL.kind, TL.requestType, TL.workflow, ...CALL];

function recognises({ scopeName = '', attributes }: SpanRecord): boolean {
  if (SCOPES.test(scopeName) || OWN_NAMES.some((name) => text(attributes, name) !== undefined)) return true;
  return PYTHON_SCOPES.test(scopeName) && modelNames(attributes).provider !== undefined;
}

function read(span: SpanRecord): Fact | undefined {
  const callId = callIdFrom(span, CALL);
  if (callId === undefined) return undefined;
  const base = factBase(span, callId);
  const { attributes } = span;
  if (text(attributes, TL.kind) === 'tool' || text(attributes, GEN_AI.operation) === 'execute_tool') {
    const toolName = text(attributes, GEN_AI.toolName) ?? text(attributes, TL.entityName);
    return stageFact(base, { stage: 'tool', toolName });
  }
  if (!isRequest(span)) return otherFact(base);
  const request = chatStage(span, base);
  // It says `stop` of streams that were aborted, too: only with usage the answer is known to be whole.
  if (request.usage === undefined) request.endUnknown = true;
  else delete request.endUnknown;
  return request;
}

const REQUESTS: ReadonlySet<string | undefined> = new Set([
  'chat',
  'text_completion',
  'completion',
  'generate_content',
]);

const isRequest = ({ attributes }: SpanRecord): boolean =>
  REQUESTS.has(text(attributes, GEN_AI.operation)) || REQUESTS.has(text(attributes, TL.requestType));
