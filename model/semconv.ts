/**
 * Every span, attribute, event and metric name that earshot writes or reads as its own, once.
 *
 * Standard names come first (`gen_ai.*` from open-telemetry/semantic-conventions-genai, released names of
 * semantic conventions 1.45.0; `error.type`, `service.*` from the stable conventions); what they do not cover is
 * under `voice.`. All times are seconds. A name is spelled in this file and nowhere else: use
 * `ATTR.callId`, `EVENT.firstByte`, `SPAN.turn`, `METRIC.callCost`.
 */

/**
 * What a value can reveal.
 * - `none`: numbers, closed sets, product and model names.
 * - `identifier`: an opaque id that links to a person only through another system.
 * - `content`: what was said. Written only when content capture is switched on.
 */
export type Privacy = 'none' | 'identifier' | 'content';

/** One name with what a reader needs to use it. `unit` is a UCUM code, or absent where there is none. */
export interface Definition {
  readonly name: string;
  readonly brief: string;
  readonly unit?: string;
  readonly example: string | number | boolean | readonly string[] | readonly number[];
  readonly privacy: Privacy;
}

type Definitions = Readonly<Record<string, Definition>>;
type Names<D extends Definitions> = { readonly [K in keyof D]: D[K]['name'] };

const names = <const D extends Definitions>(definitions: D): Names<D> =>
  Object.fromEntries(Object.entries(definitions).map(([key, d]) => [key, d.name])) as Names<D>;

/** Attributes of spans, of their events, and of metric points. */
export const ATTRIBUTES = {
  // Standard names
  operationName: {
    name: 'gen_ai.operation.name',
    brief: 'chat, execute_tool; speech_to_text and text_to_speech as in GenAI proposal #390',
    example: 'chat',
    privacy: 'none',
  },
  providerName: {
    name: 'gen_ai.provider.name',
    brief: 'Who runs the model',
    example: 'groq',
    privacy: 'none',
  },
  requestModel: {
    name: 'gen_ai.request.model',
    brief: 'Model as requested',
    example: 'llama-3.1-8b-instant',
    privacy: 'none',
  },
  requestStream: {
    name: 'gen_ai.request.stream',
    brief: 'The answer was requested as a stream',
    example: true,
    privacy: 'none',
  },
  responseModel: {
    name: 'gen_ai.response.model',
    brief: 'Model that answered',
    example: 'llama-3.1-8b-instant',
    privacy: 'none',
  },
  responseId: {
    name: 'gen_ai.response.id',
    brief: "The provider's id of the answer",
    example: 'chatcmpl-123',
    privacy: 'identifier',
  },
  serviceTier: {
    name: 'openai.response.service_tier',
    brief: 'The tier that a model request was served in, which has its own price',
    example: 'priority',
    privacy: 'none',
  },
  finishReasons: {
    name: 'gen_ai.response.finish_reasons',
    brief: 'Why the model stopped',
    example: ['stop'],
    privacy: 'none',
  },
  timeToFirstChunk: {
    name: 'gen_ai.response.time_to_first_chunk',
    brief: 'Request to first chunk of an LLM stream',
    unit: 's',
    example: 0.213,
    privacy: 'none',
  },
  inputTokens: {
    name: 'gen_ai.usage.input_tokens',
    brief: 'Prompt tokens, cached ones included',
    unit: '{token}',
    example: 812,
    privacy: 'none',
  },
  outputTokens: {
    name: 'gen_ai.usage.output_tokens',
    brief: 'Generated tokens, reasoning included',
    unit: '{token}',
    example: 64,
    privacy: 'none',
  },
  cachedInputTokens: {
    name: 'gen_ai.usage.cache_read.input_tokens',
    brief: 'Prompt tokens read from the cache',
    unit: '{token}',
    example: 512,
    privacy: 'none',
  },
  cacheCreationInputTokens: {
    name: 'gen_ai.usage.cache_creation.input_tokens',
    brief: 'Prompt tokens written to the cache',
    unit: '{token}',
    example: 512,
    privacy: 'none',
  },
  longCacheCreationInputTokens: {
    name: 'gen_ai.usage.cache_creation.ephemeral_1h_input_tokens',
    brief: 'Those of them that stay for an hour (Anthropic)',
    unit: '{token}',
    example: 512,
    privacy: 'none',
  },
  reasoningTokens: {
    name: 'gen_ai.usage.reasoning.output_tokens',
    brief: 'Output tokens spent on reasoning',
    unit: '{token}',
    example: 20,
    privacy: 'none',
  },
  inputAudioTokens: {
    name: 'gen_ai.usage.audio.input_tokens',
    brief: 'The part of the input tokens that was audio (GenAI proposal #394)',
    unit: '{token}',
    example: 96,
    privacy: 'none',
  },
  cachedInputAudioTokens: {
    name: 'gen_ai.usage.audio.cache_read.input_tokens',
    brief: 'The part of the cached input tokens that was audio (GenAI proposal #394)',
    unit: '{token}',
    example: 64,
    privacy: 'none',
  },
  outputAudioTokens: {
    name: 'gen_ai.usage.audio.output_tokens',
    brief: 'The part of the output tokens that was audio (GenAI proposal #394)',
    unit: '{token}',
    example: 120,
    privacy: 'none',
  },
  conversationId: {
    name: 'gen_ai.conversation.id',
    brief: 'Same value as voice.call.id, on model spans',
    example: 'CA0123',
    privacy: 'identifier',
  },
  agentName: {
    name: 'gen_ai.agent.name',
    brief: 'Name of the agent that takes the call',
    example: 'front-desk',
    privacy: 'none',
  },
  toolName: {
    name: 'gen_ai.tool.name',
    brief: 'Tool that was executed',
    example: 'book_table',
    privacy: 'none',
  },
  toolCallId: {
    name: 'gen_ai.tool.call.id',
    brief: "The model's id of the tool call",
    example: 'call_abc',
    privacy: 'identifier',
  },
  inputMessages: {
    name: 'gen_ai.input.messages',
    brief: 'Prompt messages as a JSON string',
    example: '[{"role":"user"}]',
    privacy: 'content',
  },
  outputMessages: {
    name: 'gen_ai.output.messages',
    brief: 'Answer messages as a JSON string',
    example: '[{"role":"assistant"}]',
    privacy: 'content',
  },
  errorType: {
    name: 'error.type',
    brief: 'Class of the error, never its message',
    example: 'APIConnectionError',
    privacy: 'none',
  },
  serviceName: {
    name: 'service.name',
    brief: 'Resource: the agent program',
    example: 'phone-agent',
    privacy: 'none',
  },
  serviceVersion: {
    name: 'service.version',
    brief: 'Resource: version of the agent program',
    example: '2.4.1',
    privacy: 'none',
  },
  deploymentEnvironment: {
    name: 'deployment.environment.name',
    brief: 'Resource: where the agent program runs',
    example: 'production',
    privacy: 'none',
  },
  cloudRegion: {
    name: 'cloud.region',
    brief: 'Resource: region that the agent program runs in',
    example: 'eu-central-1',
    privacy: 'none',
  },
  // Call
  callId: {
    name: 'voice.call.id',
    brief: 'The call; on every voice span',
    example: 'CA0123',
    privacy: 'identifier',
  },
  callDirection: {
    name: 'voice.call.direction',
    brief: 'inbound, outbound, web',
    example: 'inbound',
    privacy: 'none',
  },
  callChannel: { name: 'voice.call.channel', brief: 'phone, web, app', example: 'phone', privacy: 'none' },
  transport: { name: 'voice.transport', brief: 'What carries the audio', example: 'twilio', privacy: 'none' },
  campaignId: {
    name: 'voice.campaign.id',
    brief: 'Campaign the call belongs to',
    example: 'spring-recall',
    privacy: 'none',
  },
  customerId: {
    name: 'voice.customer.id',
    brief: "Whom the call was for, in the application's own ids",
    example: 'cus_8812',
    privacy: 'identifier',
  },
  tag: {
    name: 'voice.tag',
    brief:
      'voice.tag.NAME, of the call or the resource: what the application sorts its calls by. Set by the application alone',
    example: 'gold',
    privacy: 'none',
  },
  score: {
    name: 'voice.score',
    brief: 'voice.score.NAME, of the call: what someone or something thinks of it, a number or a word',
    example: 0.9,
    privacy: 'none',
  },
  evaluationName: {
    name: 'gen_ai.evaluation.name',
    brief: 'What was judged; becomes the name of a score, with _ in place of spaces',
    example: 'Relevance',
    privacy: 'none',
  },
  evaluationScore: {
    name: 'gen_ai.evaluation.score.value',
    brief: 'The figure that an evaluator gave',
    example: 4,
    privacy: 'none',
  },
  evaluationLabel: {
    name: 'gen_ai.evaluation.score.label',
    brief: 'The word that an evaluator gave',
    example: 'relevant',
    privacy: 'none',
  },
  recordingUrl: {
    name: 'voice.recording.url',
    brief: 'Where the recording is: http, https or s3, without credentials. Set by the application alone',
    example: 's3://recordings/CA0123.wav',
    privacy: 'identifier',
  },
  endReason: {
    name: 'voice.call.end_reason',
    brief: 'How the call stopped, as the framework or transport says it',
    example: 'hangup',
    privacy: 'none',
  },
  outcome: {
    name: 'voice.call.outcome',
    brief: 'SUCCESS, FAIL, VOICEMAIL, NO_ANSWER, BUSY',
    example: 'SUCCESS',
    privacy: 'none',
  },
  outcomeConfidence: {
    name: 'voice.call.outcome_confidence',
    brief: 'How sure, 0 to 1',
    unit: '1',
    example: 0.9,
    privacy: 'none',
  },
  outcomeSource: {
    name: 'voice.call.outcome_source',
    brief: 'What decided: explicit, sip, amd, end_reason, analysis, keywords',
    example: 'explicit',
    privacy: 'none',
  },
  sipCallId: {
    name: 'voice.sip.call_id',
    brief: "LiveKit's id of the SIP call",
    example: 'SCL_a1b2c3',
    privacy: 'none',
  },
  sipTrunkId: {
    name: 'voice.sip.trunk_id',
    brief: 'SIP trunk that the call came or went over',
    example: 'ST_a1b2c3',
    privacy: 'none',
  },
  roomId: {
    name: 'voice.room.id',
    brief: "LiveKit's id of the room",
    example: 'RM_a1b2c3',
    privacy: 'none',
  },
  sipStatusCode: {
    name: 'voice.sip.status_code',
    brief: 'Final SIP response',
    example: 486,
    privacy: 'none',
  },
  amdResult: {
    name: 'voice.amd.result',
    brief: 'Answering machine detection result',
    example: 'machine_start',
    privacy: 'none',
  },
  billedSeconds: {
    name: 'voice.call.billed_seconds',
    brief: 'What the carrier says it billed of the call',
    unit: 's',
    example: 120,
    privacy: 'none',
  },
  transferred: {
    name: 'voice.call.transferred',
    brief: "The span is the carrier's record of a leg that the call was put through to",
    example: true,
    privacy: 'none',
  },
  // Turn
  turnIndex: { name: 'voice.turn.index', brief: 'Counts from 0 in a call', example: 3, privacy: 'none' },
  turnInitiator: { name: 'voice.turn.initiator', brief: 'user or agent', example: 'user', privacy: 'none' },
  turnInterrupted: {
    name: 'voice.turn.interrupted',
    brief: 'The agent was cut off by the user',
    example: true,
    privacy: 'none',
  },
  spokenRequest: {
    name: 'voice.turn.spoken_request',
    brief: 'Span id of the request whose answer was spoken, by what was said; none: words of the application',
    example: '00f067aa0ba902b7',
    privacy: 'none',
  },
  turnCutOffBy: {
    name: 'voice.turn.cut_off_by',
    brief: 'Who but the user ended the answer before it was heard: hangup, program. Absent: no one else',
    example: 'hangup',
    privacy: 'none',
  },
  eouLatency: {
    name: 'voice.eou.latency',
    brief: 'End of utterance to playback start: the silence the caller hears',
    unit: 's',
    example: 0.912,
    privacy: 'none',
  },
  eouSource: {
    name: 'voice.eou.source',
    brief: 'How the end of utterance is known: vad, stt_word_end, stt_event, framework, turn_start',
    example: 'stt_word_end',
    privacy: 'none',
  },
  sentimentScore: {
    name: 'voice.sentiment.score',
    brief: "Sentiment of the user's words, -1 to 1",
    unit: '1',
    example: 0.4,
    privacy: 'none',
  },
  userText: {
    name: 'voice.user.text',
    brief: 'What the user said',
    example: 'A table for two',
    privacy: 'content',
  },
  agentText: {
    name: 'voice.agent.text',
    brief: 'What the agent answered',
    example: 'For what time?',
    privacy: 'content',
  },
  interruptionKind: {
    name: 'voice.interruption.kind',
    brief: 'barge_in, false_interruption, agent_over_user, backchannel',
    example: 'barge_in',
    privacy: 'none',
  },
  interruptionTimeToSilence: {
    name: 'voice.interruption.time_to_silence',
    brief: 'Barge-in to the agent being silent',
    unit: 's',
    example: 0.24,
    privacy: 'none',
  },
  // Stages
  stage: { name: 'voice.stage', brief: 'stt, llm, tts, tool, playback', example: 'tts', privacy: 'none' },
  reportedByEarshot: {
    name: 'voice.reported',
    brief:
      "On a framework's own span: earshot reports the same work in spans of its own, of which rows are made",
    example: true,
    privacy: 'none',
  },
  stageCancelled: {
    name: 'voice.stage.cancelled',
    brief: 'Ended early on purpose (barge-in, abort); not an error',
    example: true,
    privacy: 'none',
  },
  ttfb: {
    name: 'voice.ttfb',
    brief: 'Stage start to first byte',
    unit: 's',
    example: 0.187,
    privacy: 'none',
  },
  usageAudioSeconds: {
    name: 'voice.usage.audio_seconds',
    brief: 'Audio transcribed or synthesised',
    unit: 's',
    example: 4.2,
    privacy: 'none',
  },
  usageCharacters: {
    name: 'voice.usage.characters',
    brief: 'Characters sent to synthesis',
    unit: '{character}',
    example: 118,
    privacy: 'none',
  },
  usageEstimated: {
    name: 'voice.usage.estimated',
    brief: 'The provider reported no usage; this is an estimate',
    example: true,
    privacy: 'none',
  },
  sttStreaming: {
    name: 'voice.stt.streaming',
    brief: 'Live stream (true) or recording (false): priced differently',
    example: true,
    privacy: 'none',
  },
  sttPauses: {
    name: 'voice.stt.pauses',
    brief:
      'Seconds of each silence of 0.1 s or longer between the words of the utterance; empty: there was none; absent: not known',
    example: [0.24, 0.61],
    privacy: 'none',
  },
  playbackSource: {
    name: 'voice.playback.source',
    brief: 'observed or estimated',
    example: 'observed',
    privacy: 'none',
  },
  playbackInterrupted: {
    name: 'voice.playback.interrupted',
    brief: 'Playback was cut off',
    example: true,
    privacy: 'none',
  },
  // Metric labels
  costComponent: {
    name: 'voice.cost.component',
    brief: 'stt, llm, tts, livekit, telephony',
    example: 'tts',
    privacy: 'none',
  },
  tokenType: {
    name: 'gen_ai.token.type',
    brief: 'input, cached_input, output',
    example: 'input',
    privacy: 'none',
  },
  dropReason: {
    name: 'earshot.drop.reason',
    brief: 'Why something was dropped',
    example: 'buffer_full',
    privacy: 'none',
  },
  senderName: {
    name: 'earshot.sender.name',
    brief: 'Name of the token that a sender of spans showed',
    example: 'agents-eu',
    privacy: 'none',
  },
  incidentPart: {
    name: 'earshot.incident.part',
    brief: 'What took longer than in the hour before: a segment of the silence, or stt',
    example: 'tts',
    privacy: 'none',
  },
  messageFate: {
    name: 'earshot.message.fate',
    brief: 'What became of a message to the webhook: taken, again, refused, given_up, dropped',
    example: 'taken',
    privacy: 'none',
  },
  httpMethod: {
    name: 'http.request.method',
    brief: 'Method of a request to the receiver',
    example: 'POST',
    privacy: 'none',
  },
  httpRoute: {
    name: 'http.route',
    brief: 'Path of the receiver that was asked; absent for any other',
    example: '/v1/traces',
    privacy: 'none',
  },
  httpStatusCode: {
    name: 'http.response.status_code',
    brief: 'How a request was answered',
    example: 200,
    privacy: 'none',
  },
} as const satisfies Definitions;

/** Span names. The LLM and tool spans have names of their own making: see `llmSpanName`, `toolSpanName`. */
export const SPANS = {
  call: {
    name: 'voice.call',
    brief: 'One conversation, connect to hang-up; root of its own trace',
    example: 'voice.call',
    privacy: 'none',
  },
  turn: {
    name: 'voice.turn',
    brief: 'One exchange; root of its own trace',
    example: 'voice.turn',
    privacy: 'none',
  },
  stt: { name: 'stt', brief: 'One utterance transcribed', example: 'stt', privacy: 'none' },
  tts: { name: 'tts', brief: 'One synthesis', example: 'tts', privacy: 'none' },
  playback: { name: 'playback', brief: 'The agent is audible', example: 'playback', privacy: 'none' },
  response: {
    name: 'response',
    brief: 'End of utterance to playback start; its length is the EOU latency',
    example: 'response',
    privacy: 'none',
  },
  callUpdate: {
    name: 'voice.call.update',
    brief: 'What became known of a call after its end; it took no time',
    example: 'voice.call.update',
    privacy: 'none',
  },
  background: {
    name: 'background',
    brief: 'Requests of a call that led to nothing spoken; root of their own trace',
    example: 'background',
    privacy: 'none',
  },
} as const satisfies Definitions;

/** Span events. */
export const EVENTS = {
  firstByte: {
    name: 'voice.first_byte',
    brief: 'First result of a stage',
    example: 'voice.first_byte',
    privacy: 'none',
  },
  userSpeechStarted: {
    name: 'voice.user_speech.started',
    brief: 'The user began to speak',
    example: 'voice.user_speech.started',
    privacy: 'none',
  },
  userSpeechEnded: {
    name: 'voice.user_speech.ended',
    brief: 'The user stopped speaking',
    example: 'voice.user_speech.ended',
    privacy: 'none',
  },
  turnCommitted: {
    name: 'voice.turn.committed',
    brief: 'The turn was accepted as finished',
    example: 'voice.turn.committed',
    privacy: 'none',
  },
  interruption: {
    name: 'voice.interruption',
    brief: 'User and agent spoke over each other',
    example: 'voice.interruption',
    privacy: 'none',
  },
  evaluationResult: {
    name: 'gen_ai.evaluation.result',
    brief: 'An evaluator judged the call: on any span of it',
    example: 'gen_ai.evaluation.result',
    privacy: 'none',
  },
  keyPressed: {
    name: 'voice.key_pressed',
    brief: 'The caller pressed a key of the telephone (DTMF); which one is not recorded',
    example: 'voice.key_pressed',
    privacy: 'none',
  },
} as const satisfies Definitions;

/** Metrics: calls' results (`voice.*`) and the pipeline's own state (`earshot.*`). */
export const METRICS = {
  callCost: {
    name: 'voice.call.cost',
    brief: 'Cost of finished calls',
    unit: '{USD}',
    example: 0.0123,
    privacy: 'none',
  },
  callDuration: {
    name: 'voice.call.duration',
    brief: 'Duration of finished calls',
    unit: 's',
    example: 92,
    privacy: 'none',
  },
  calls: { name: 'voice.calls', brief: 'Finished calls', unit: '{call}', example: 1, privacy: 'none' },
  unpricedCalls: {
    name: 'voice.calls.unpriced',
    brief: 'Finished calls whose cost is a lower bound, by what had no price',
    unit: '{call}',
    example: 1,
    privacy: 'none',
  },
  turns: {
    name: 'voice.turns',
    brief: 'Turns of finished calls',
    unit: '{turn}',
    example: 7,
    privacy: 'none',
  },
  interruptions: {
    name: 'voice.interruptions',
    brief: 'Interruptions in finished calls',
    unit: '{interruption}',
    example: 1,
    privacy: 'none',
  },
  usageTokens: {
    name: 'voice.usage.tokens',
    brief: 'LLM tokens of finished calls',
    unit: '{token}',
    example: 812,
    privacy: 'none',
  },
  usageSttAudio: {
    name: 'voice.usage.stt_audio',
    brief: 'Audio transcribed in finished calls',
    unit: 's',
    example: 61.2,
    privacy: 'none',
  },
  usageTtsCharacters: {
    name: 'voice.usage.tts_characters',
    brief: 'Characters synthesised in finished calls',
    unit: '{character}',
    example: 430,
    privacy: 'none',
  },
  eouLatency: {
    name: 'voice.eou.latency',
    brief: 'End of utterance to playback start, per turn',
    unit: 's',
    example: 0.912,
    privacy: 'none',
  },
  ttfb: {
    name: 'voice.ttfb',
    brief: 'Stage start to first byte',
    unit: 's',
    example: 0.187,
    privacy: 'none',
  },
  spansAccepted: {
    name: 'earshot.spans.accepted',
    brief: 'Voice spans taken in',
    unit: '{span}',
    example: 1,
    privacy: 'none',
  },
  spansWritten: {
    name: 'earshot.spans.written',
    brief: 'Voice spans committed to the journal',
    unit: '{span}',
    example: 1,
    privacy: 'none',
  },
  spansDropped: {
    name: 'earshot.spans.dropped',
    brief: 'Voice spans lost, by reason',
    unit: '{span}',
    example: 1,
    privacy: 'none',
  },
  spansSpooled: {
    name: 'earshot.spans.spooled',
    brief: 'Voice spans put on disk because the database was away',
    unit: '{span}',
    example: 1,
    privacy: 'none',
  },
  spansReplayed: {
    name: 'earshot.spans.replayed',
    brief: 'Voice spans brought from disk to the journal',
    unit: '{span}',
    example: 1,
    privacy: 'none',
  },
  callsFinalized: {
    name: 'earshot.calls.finalized',
    brief: 'Times a call was turned into rows',
    unit: '{call}',
    example: 1,
    privacy: 'none',
  },
  recordingLost: {
    name: 'earshot.recording.lost',
    brief: 'Audio of calls that is in no recording, by reason',
    unit: 's',
    example: 0.02,
    privacy: 'none',
  },
  spansIgnored: {
    name: 'earshot.spans.ignored',
    brief: 'Spans received that are not of a call',
    unit: '{span}',
    example: 1,
    privacy: 'none',
  },
  senderSpans: {
    name: 'earshot.sender.spans',
    brief: 'Voice spans taken in, by the name of the token that was shown',
    unit: '{span}',
    example: 1,
    privacy: 'none',
  },
  attributesLimited: {
    name: 'earshot.attributes.limited',
    brief: 'Attributes, events and texts left out or cut off for their number or size',
    unit: '{attribute}',
    example: 1,
    privacy: 'none',
  },
  httpServerDuration: {
    name: 'http.server.request.duration',
    brief: 'From the head of a request to its answer',
    unit: 's',
    example: 0.012,
    privacy: 'none',
  },
  receiverInFlight: {
    name: 'earshot.receiver.in_flight',
    brief: 'Bytes of requests that are not answered yet',
    unit: 'By',
    example: 524288,
    privacy: 'none',
  },
  incidentsOpen: {
    name: 'earshot.incidents.open',
    brief: 'Owners of silence that take longer than in the hour before; all processes say the same',
    unit: '{incident}',
    example: 1,
    privacy: 'none',
  },
  incidentMessages: {
    name: 'earshot.incidents.messages',
    brief:
      'Attempts to tell the webhook of incidents, and messages that were dropped, by what became of them',
    unit: '{message}',
    example: 1,
    privacy: 'none',
  },
  queueDepth: {
    name: 'earshot.queue.depth',
    brief: 'Calls that wait to be finalized',
    unit: '{call}',
    example: 3,
    privacy: 'none',
  },
  queueResting: {
    name: 'earshot.queue.resting',
    brief: 'Calls that could not be finalized and rest until a new span arrives',
    unit: '{call}',
    example: 0,
    privacy: 'none',
  },
  queueOldestAge: {
    name: 'earshot.queue.oldest_age',
    brief: 'How long the oldest due call has been waiting',
    unit: 's',
    example: 1.5,
    privacy: 'none',
  },
  journalWaiting: {
    name: 'earshot.journal.waiting',
    brief: 'Days of the journal that have expired and wait for an export',
    unit: '{day}',
    example: 0,
    privacy: 'none',
  },
  journalUnexported: {
    name: 'earshot.journal.unexported',
    brief: 'Days of the journal that were removed without having been exported, where days are',
    unit: '{day}',
    example: 0,
    privacy: 'none',
  },
} as const satisfies Definitions;

/** Attribute names, by key. */
export const ATTR = names(ATTRIBUTES);
/** Span names, by key. */
export const SPAN = names(SPANS);
/** Event names, by key. */
export const EVENT = names(EVENTS);
/** Metric names, by key. */
export const METRIC = names(METRICS);

/** Values of `gen_ai.operation.name`. */
export const OPERATION = {
  stt: 'speech_to_text',
  llm: 'chat',
  tts: 'text_to_speech',
  tool: 'execute_tool',
} as const;

/** GenAI convention: the client span is named operation and model. */
export const llmSpanName = (model: string | undefined): string =>
  model === undefined ? OPERATION.llm : `${OPERATION.llm} ${model}`;

/** GenAI convention: the tool span is named operation and tool. */
export const toolSpanName = (tool: string | undefined): string =>
  tool === undefined ? OPERATION.tool : `${OPERATION.tool} ${tool}`;
