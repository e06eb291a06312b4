import type { Fact, FactBase, StageFact, TurnFact, Usage } from '../../model/facts.ts';
import { providerOf } from '../../model/providers.ts';
import type { SpanRecord } from '../../model/span-record.ts';
import {
  type Attributes,
  addPresent,
  count,
  flag,
  index,
  number,
  present,
  quantity,
  text,
  words,
} from './attributes.ts';
import { type Dialect, factBase, type ReadOptions, traceCallId } from './dialect.ts';
import { callFact } from './earshot.ts';
import { GEN_AI } from './names.ts';
import { afterStart, knownTokens, micros, modelNames, otherFact, requestOf, stageFact } from './stages.ts';
import { countingOf, someUsage, tokenUsage } from './tokens.ts';

/** Pipecat 1.14, and back to 0.0.68. One trace a conversation; turns are numbered and above their services. Seconds everywhere. */
export const pipecat: Dialect = {
  name: 'pipecat',
  recognises: ({ scopeName }) => scopeName === 'pipecat' || scopeName === 'pipecat.turn',
  read,
};

const PC = {
  turnNumber: 'turn.number',
  userBotLatency: 'turn.user_bot_latency_seconds',
  wasInterrupted: 'turn.was_interrupted',
  endedByConversationEnd: 'turn.ended_by_conversation_end',
  ttfb: 'metrics.ttfb',
  audioSeconds: 'metrics.audio_seconds',
  characters: 'metrics.character_count',
  sttIncomplete: 'stt.incomplete',
  /** What the service was told to listen for; `language` is what a transcript is in. */
  language: 'settings.language',
  /** What a model said, in full. */
  output: 'output',
  transcript: 'transcript',
  /** What was sent to synthesis. */
  text: 'text',
  ttsInterrupted: 'tts.interrupted',
  /** Of the spans that docs/guides/pipecat.md makes of what observers are told. */
  speechKind: 'speech.kind',
  latencyKey: 'latency.key',
} as const;

/** Kinds of speech that end a stretch of it. */
const SPEECH = {
  /** As the voice detector heard it, from the first sound to the silence. */
  user: 'user_speech_stopped',
  /** As the strategy ruled on it: the turn was accepted as finished. */
  turn: 'user_turn_stopped',
  bot: 'bot_speech_stopped',
} as const;

/** The part of a latency from the first text that was sent to synthesis to the first audio. */
const SYNTHESIS = 'speech_synthesis';

/** Longer silences are errors of measurement. Seconds. */
const LONGEST_LATENCY = 30;

function read(span: SpanRecord, options: ReadOptions): Fact {
  const base = factBase(span, traceCallId(span));
  switch (span.name) {
    case 'conversation':
      return callFact(span, base);
    case 'turn':
      return turnFact(span, base);
    case 'stt':
      return transcription(span, base, options);
    case 'llm':
      return llmRequest(span, base, options);
    // Of a speech-to-speech model: the span of the message that ends the response, which took no time.
    case 'llm_response':
      return { ...llmRequest(span, base, options), endUnknown: true, realtime: true };
    case 'tts':
      return synthesis(span, base, options);
    case 'speech':
      return speech(span, base);
    case 'latency':
      return text(span.attributes, PC.latencyKey) === SYNTHESIS
        ? { ...base, type: 'turn_part', part: 'first_audio' }
        : otherFact(base);
    default:
      return otherFact(base);
  }
}

/**
 * The first turn begins with the pipeline: a latency says that it answers the user, else a transcription does. All others
 * begin with the user's speech, and no turn where it ends. A hang-up ends the last turn as if it were interrupted, with a flag that says so or (when the pipeline ends first) without.
 */
function turnFact({ attributes }: SpanRecord, base: FactBase): Fact {
  const turnNumber = index(attributes, PC.turnNumber);
  if (turnNumber === undefined || turnNumber === 0) return otherFact(base);
  // No one answers within no time: 0 is that it was not measured.
  const latency = number(attributes, PC.userBotLatency, { min: 0, max: LONGEST_LATENCY }) || undefined;
  const cut = flag(attributes, PC.wasInterrupted);
  const isHangUp = flag(attributes, PC.endedByConversationEnd) === true;
  return addPresent(base, {
    type: 'turn' as const,
    turnIndex: turnNumber - 1,
    startsBeforeSpeech: true,
    ...(latency === undefined && turnNumber === 1
      ? { initiatorByStages: true }
      : { initiator: 'user' as const }),
    eouSource: latency === undefined ? undefined : ('framework' as const),
    reportedEouLatencySeconds: latency,
    interrupted: cut === undefined || (cut && !isHangUp) ? undefined : false,
    interruptedIfFollowed: (cut === true && !isHangUp) || undefined,
  }) satisfies TurnFact;
}

/** A stretch of speech, below the turn that went on when it ended. */
function speech({ attributes }: SpanRecord, base: FactBase): Fact {
  switch (text(attributes, PC.speechKind)) {
    case SPEECH.user:
      return { ...base, type: 'turn_part', part: 'speech' };
    case SPEECH.turn:
      return { ...base, type: 'turn_part', part: 'commit' };
    case SPEECH.bot:
      return stageFact(base, { stage: 'playback', playbackSource: 'observed' });
    default:
      return otherFact(base);
  }
}

/** How Pipecat's classes name the way to one provider: `DeepgramFluxSTTService` is `deepgramflux` on its spans. */
const WAY =
  /(?:http|realtime|voicelive|live|flux|turns|responses|sync|dialogue|sagemaker|segmented|omni|agent|nonjson|v\d+)$/;

/** A service's provider, whichever way it is reached, and its model. */
function namesOf(attributes: Attributes): ReturnType<typeof modelNames> {
  const names = modelNames(attributes);
  let name = names.provider ?? '';
  while (WAY.test(name) && name.replace(WAY, '').length > 1) name = name.replace(WAY, '');
  return { ...names, provider: providerOf(OWN_NAMES[name] ?? name) };
}

/** Services that are named by their product. */
const OWN_NAMES: Readonly<Record<string, string>> = {
  awsnovasonic: 'aws.bedrock',
  awspolly: 'aws.polly',
  awstranscribe: 'aws.transcribe',
  grok: 'x_ai',
  x: 'xtts',
};

/** A model of speech under the name that it is billed by: Deepgram's nova-3 of several languages is one of its own. */
function heardBy(attributes: Attributes): ReturnType<typeof modelNames> {
  const names = namesOf(attributes);
  const isMultilingual =
    text(attributes, PC.language) === 'multi' && /^nova-3(?:-general)?$/.test(names.model ?? '');
  return isMultilingual ? { ...names, model: 'nova-3-multilingual' } : names;
}

/**
 * `metrics.ttfb` of a transcription runs from the end of speech to its final transcript, where the span ends: it is no
 * first byte. Versions that name the provider `gen_ai.system` measure from where the speech began.
 */
function transcription(
  { attributes }: SpanRecord,
  base: FactBase,
  { captureContent }: ReadOptions,
): StageFact {
  const incomplete = flag(attributes, PC.sttIncomplete) === true;
  const isOld = text(attributes, GEN_AI.provider) === undefined;
  const sinceSilence = number(attributes, PC.ttfb, { min: 0, max: LONGEST_LATENCY });
  return stageFact(base, {
    ...heardBy(attributes),
    stage: 'stt',
    streaming: true,
    speechEndedUs:
      incomplete || isOld || sinceSilence === undefined ? undefined : base.endUs - micros(sinceSilence),
    usage: someUsage(present({ audioSeconds: quantity(attributes, PC.audioSeconds) })),
    endUnknown: incomplete || undefined,
    words: captureContent ? words(attributes, [PC.transcript]) : undefined,
  });
}

/** Services of these count cached tokens apart from the others. */
const COUNTS_NET: ReadonlySet<unknown> = new Set(['anthropic', 'aws.bedrock']);

/**
 * Without usage the answer was cut off, or the service does not report any: the end is not the model's for sure. Of one
 * that gave no words either the TTFB is the time to the cut.
 */
function llmRequest(span: SpanRecord, base: FactBase, { captureContent }: ReadOptions): StageFact {
  const { attributes } = span;
  const names = namesOf(attributes);
  const counting = {
    ...countingOf(names.provider, names.model),
    promptIsNet: COUNTS_NET.has(names.provider),
  };
  const usage = knownTokens(tokenUsage(attributes, counting));
  return stageFact(base, {
    ...names,
    ...requestOf(attributes),
    stage: 'llm',
    firstByteUs:
      usage === undefined && text(attributes, PC.output) === undefined
        ? undefined
        : afterStart(span, quantity(attributes, PC.ttfb)),
    usage,
    endUnknown: usage === undefined || undefined,
    words: captureContent ? words(attributes, [PC.output]) : undefined,
  });
}

function synthesis(span: SpanRecord, base: FactBase, { captureContent }: ReadOptions): StageFact {
  const { attributes } = span;
  const usage: Usage | undefined = someUsage(present({ characters: count(attributes, PC.characters) }));
  return stageFact(base, {
    ...namesOf(attributes),
    stage: 'tts',
    firstByteUs: afterStart(span, quantity(attributes, PC.ttfb)),
    usage,
    cancelled: flag(attributes, PC.ttsInterrupted),
    words: captureContent ? words(attributes, [PC.text]) : undefined,
  });
}
