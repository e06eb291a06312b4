/**
 * The foreign attribute names that several dialects share: OpenTelemetry GenAI semantic conventions 1.45.0 with the
 * open voice proposals #390 (speech) and #394 (realtime). What one dialect alone has is in its own file.
 */
export const GEN_AI = {
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  /** Before 1.37. */
  system: 'gen_ai.system',
  requestModel: 'gen_ai.request.model',
  responseModel: 'gen_ai.response.model',
  timeToFirstChunk: 'gen_ai.response.time_to_first_chunk',
  finishReasons: 'gen_ai.response.finish_reasons',
  conversationId: 'gen_ai.conversation.id',
  agentName: 'gen_ai.agent.name',
  toolName: 'gen_ai.tool.name',
  outputType: 'gen_ai.output.type',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  /** Before 1.27. */
  promptTokens: 'gen_ai.usage.prompt_tokens',
  completionTokens: 'gen_ai.usage.completion_tokens',
  cachedInputTokens: 'gen_ai.usage.cache_read.input_tokens',
  reasoningTokens: 'gen_ai.usage.reasoning.output_tokens',
  /** Proposal #394. */
  inputAudioTokens: 'gen_ai.usage.audio.input_tokens',
  outputAudioTokens: 'gen_ai.usage.audio.output_tokens',
  cachedInputAudioTokens: 'gen_ai.usage.audio.cache_read.input_tokens',
  /** A draft of #390; LangWatch. */
  audioSeconds: 'gen_ai.usage.audio_seconds',
  characters: 'gen_ai.usage.input_chars',
} as const;
