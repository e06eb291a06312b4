import type { Fact, FactBase, StageFact } from '../../model/facts.ts';
import { modelOf, providerOf } from '../../model/providers.ts';
import type { SpanRecord } from '../../model/span-record.ts';
import { aiSdkUsage, metadataTier } from './ai-sdk-usage.ts';
import { quantity, text } from './attributes.ts';
import { callIdFrom } from './call-id.ts';
import { type Dialect, factBase } from './dialect.ts';
import { readAs } from './genai.ts';
import { GEN_AI } from './names.ts';
import {
  afterStart,
  chatStage,
  finishReasonsOf,
  knownTokens,
  otherFact,
  requestOf,
  servedModel,
  stageFact,
} from './stages.ts';

/**
 * The Vercel AI SDK: `@ai-sdk/otel` 1.0 of ai 7 (scope `gen_ai`, seconds), and the older spans of ai 6 and before (scope
 * `ai`, milliseconds). Every level repeats the usage of the one below: only `chat` and `.doStream`/`.doGenerate` count.
 */
export const aiSdk: Dialect = {
  name: 'ai-sdk',
  recognises: ({ scopeName }) => scopeName === 'gen_ai' || scopeName === 'ai',
  read,
};

/** Current names beyond those of the conventions. Named as metrics are, and attributes. Seconds. */
const TIME_TO_FIRST_CHUNK = 'gen_ai.client.operation.time_to_first_chunk';

const LEGACY = {
  operationId: 'ai.operationId',
  provider: 'ai.model.provider',
  model: 'ai.model.id',
  responseModel: 'ai.response.model',
  responseId: 'ai.response.id',
  /** Milliseconds. */
  msToFirstChunk: 'ai.response.msToFirstChunk',
  finishReason: 'ai.response.finishReason',
  toolName: 'ai.toolCall.name',
} as const;

/** `experimental_telemetry.metadata`: names that people give to the conversation, most particular first. */
const CALL = ['callId', 'conversationId', 'sessionId', 'chatId'].map(
  (name) => `ai.telemetry.metadata.${name}`,
);

/** The operations of one request each. */
const REQUEST = /^ai\.(?:generate|stream)(?:Text|Object)\.do(?:Generate|Stream)$/;
/** Speech is one request an operation, a recording or a text at a time. */
const SPEECH: Readonly<Record<string, 'stt' | 'tts'>> = {
  'ai.generateSpeech': 'tts',
  'ai.transcribe': 'stt',
  'ai.streamTranscribe': 'stt',
};

function read(reported: SpanRecord): Fact | undefined {
  const isRenamed = Object.keys(reported.attributes).some((name) => name.startsWith(RENAMED));
  const span = isRenamed ? withOldNames(reported) : reported;
  const callId = isRenamed ? renamedCallId(span) : callIdFrom(span, CALL);
  if (callId === undefined) return undefined;
  const base = factBase(span, callId);
  const operation =
    text(span.attributes, LEGACY.operationId) ?? text(span.attributes, GEN_AI.operation) ?? '';
  const speech = Object.hasOwn(SPEECH, operation) ? SPEECH[operation] : undefined;
  if (speech !== undefined) return speechRequest(span, base, speech, operation);
  if (span.scopeName === 'gen_ai') {
    return operation === 'chat' ? chatRequest(span, base) : readAs(span, callId);
  }
  if (REQUEST.test(operation) || (isRenamed && RENAMED_REQUESTS.has(operation)))
    return legacyRequest(span, base);
  if (operation === 'ai.toolCall' || (isRenamed && operation === 'execute_tool')) {
    const toolName = text(span.attributes, LEGACY.toolName) ?? text(span.attributes, GEN_AI.toolName);
    return stageFact(base, { stage: 'tool', toolName });
  }
  return otherFact(base);
}

/** Sentry's SDK renames the spans of the AI SDK in its process, those that others export too: `ai.x` is `vercel.ai.x`. */
const RENAMED = 'vercel.ai.';
/** What it calls the operations of one request, by its age. */
const RENAMED_REQUESTS: ReadonlySet<string> = new Set([
  'generate_content',
  'generate_text',
  'stream_text',
  'generate_object',
  'stream_object',
]);

/** The attributes under the names of the AI SDK. What Sentry moved to names of the conventions stays there. */
function withOldNames(span: SpanRecord): SpanRecord {
  const attributes: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(span.attributes)) {
    attributes[name.startsWith(RENAMED) ? name.slice('vercel.'.length) : name] = value;
  }
  return { ...span, attributes };
}

/** Sentry puts the id of OpenAI's response into the conversation: it changes with every request, and is the last to ask. */
function renamedCallId(span: SpanRecord): string | undefined {
  const { [GEN_AI.conversation]: conversation, ...attributes } = span.attributes;
  const named = callIdFrom({ ...span, attributes }, CALL);
  return named ?? (/^resp_/.test(String(conversation)) ? undefined : callIdFrom(span, CALL));
}

/** An aborted request ends without a reason, without usage and without an error. */
const isCutOff = (base: FactBase, finish: unknown): boolean =>
  finish === undefined && base.errorType === undefined;

function chatRequest(span: SpanRecord, base: FactBase): StageFact {
  return chatStage(span, base, {
    firstByteUs: afterStart(span, quantity(span.attributes, TIME_TO_FIRST_CHUNK)),
    cancelled: isCutOff(base, finishReasonsOf(span.attributes)) || undefined,
    endUnknown: undefined,
  });
}

function legacyRequest(span: SpanRecord, base: FactBase): StageFact {
  const { attributes } = span;
  const ms = quantity(attributes, LEGACY.msToFirstChunk);
  const finishReason = text(attributes, LEGACY.finishReason);
  const provider = providerOf(text(attributes, LEGACY.provider) ?? text(attributes, GEN_AI.system));
  const served = text(attributes, LEGACY.responseModel) ?? text(attributes, GEN_AI.responseModel);
  const names = servedModel(
    modelOf(text(attributes, LEGACY.model) ?? text(attributes, GEN_AI.requestModel)),
    modelOf(served),
  );
  return chatStage(span, base, {
    provider,
    ...names,
    serviceTier: metadataTier(attributes) ?? requestOf(attributes).serviceTier,
    responseId: text(attributes, LEGACY.responseId) ?? text(attributes, GEN_AI.responseId),
    firstByteUs: afterStart(span, ms === undefined ? undefined : ms / 1e3),
    usage: knownTokens(aiSdkUsage(attributes, provider, names.model)),
    finishReasons: finishReason === undefined ? finishReasonsOf(attributes) : [finishReason],
    cancelled: isCutOff(base, finishReason ?? finishReasonsOf(attributes)) || undefined,
    endUnknown: undefined,
  });
}

/**
 * What speech providers report has no common names. The text that was synthesised is known where its content is recorded:
 * its length is what most of them bill, in code points.
 */
function speechRequest(span: SpanRecord, base: FactBase, stage: 'stt' | 'tts', operation: string): StageFact {
  const { attributes } = span;
  const spoken = stage === 'tts' ? text(attributes, 'ai.request.text') : undefined;
  return stageFact(base, {
    stage,
    provider: providerOf(text(attributes, GEN_AI.provider) ?? text(attributes, LEGACY.provider)),
    model: modelOf(text(attributes, GEN_AI.requestModel) ?? text(attributes, LEGACY.model)),
    streaming: stage === 'stt' ? operation === 'ai.streamTranscribe' : undefined,
    usage: spoken === undefined ? undefined : { characters: [...spoken].length },
  });
}
