import { ATTR } from '../../model/semconv.ts';

/**
 * The foreign attribute names that several dialects share: OpenTelemetry GenAI semantic conventions 1.45.0 with the
 * open voice proposals #390 (speech) and #394 (realtime). Those that we write ourselves are the same names. What one
 * dialect alone has is in its own file.
 */
export const GEN_AI = {
  operation: ATTR.operationName,
  conversation: ATTR.conversationId,
  provider: ATTR.providerName,
  /** Before 1.37. */
  system: 'gen_ai.system',
  requestModel: ATTR.requestModel,
  responseModel: ATTR.responseModel,
  responseId: ATTR.responseId,
  timeToFirstChunk: ATTR.timeToFirstChunk,
  /** Host that answered. */
  serverAddress: 'server.address',
  /** Its URL, of OpenLLMetry. */
  baseUrl: 'gen_ai.openai.api_base',
  finishReasons: ATTR.finishReasons,
  toolName: ATTR.toolName,
  /** A draft of #390; LangWatch. */
  audioSeconds: 'gen_ai.usage.audio_seconds',
  characters: 'gen_ai.usage.input_chars',
} as const;
