import type { Fact } from '../../model/facts.ts';
import type { QuantityName } from '../../model/usage.ts';
import { QUANTITIES } from '../../model/usage.ts';
import {
  CUT_OFF_BY,
  DIRECTIONS,
  EOU_SOURCES,
  INITIATORS,
  INTERRUPTION_KINDS,
  LATENCIES,
  OUTCOME_SOURCES,
  OUTCOMES,
  PLAYBACK_SOURCES,
  STAGES,
} from '../../model/vocabulary.ts';

/** What a field can be: `said` is text that someone said; a list of words is one of them. */
export type Shape =
  | 'text'
  | 'said'
  | 'number'
  | 'flag'
  | 'tags'
  | readonly string[]
  | { readonly each: Shape }
  | { readonly of: Fields };
export type Fields = Readonly<Record<string, Shape>>;

/** Every field of a fact but its type; none is forgotten, or the build fails. */
type Complete<F> = {
  [K in keyof F as K extends 'type'
    ? never
    : [Exclude<F[K], undefined>] extends [never]
      ? never
      : K]-?: Shape;
};

const each = (shape: Shape): Shape => ({ each: shape });
const of = (fields: Fields): Shape => ({ of: fields });
const all = <Name extends string>(names: readonly Name[], shape: Shape): Record<Name, Shape> =>
  Object.fromEntries(names.map((name) => [name, shape])) as Record<Name, Shape>;

const BASE = {
  ...all(['tenant', 'traceId', 'spanId', 'parentSpanId', 'callId', 'name', 'errorType'], 'text'),
  ...all(['startUs', 'endUs'], 'number'),
  ...all(['serviceName', 'serviceVersion', 'deploymentEnvironment', 'cloudRegion'], 'text'),
  ...all(['tags', 'resourceTags'], 'tags'),
  requestIds: each('text'),
  scores: each(of({ ...all(['name', 'label'], 'text'), ...all(['value', 'atUs'], 'number') })),
} as const;

const USAGE = of({
  ...all(Object.keys(QUANTITIES) as QuantityName[], 'number'),
  estimated: 'flag',
});
const REPORTED = of(
  all(
    LATENCIES.filter((name) => name !== 'eou_latency'),
    'number',
  ),
);
const REQUEST = {
  ...all(['provider', 'model', 'requestedModel', 'serviceTier', 'responseId'], 'text'),
  usage: USAGE,
  firstByteUs: 'number',
  realtime: 'flag',
} as const;
const DETECTION = of(all(['probability', 'threshold', 'delaySeconds'], 'number'));
const OF_CALL = {
  ...all(['agentName', 'amdResult', 'endReason', 'recordingUrl', 'roomId'], 'text'),
  ...all(['sipStatusCode', 'outcomeConfidence'], 'number'),
  outcome: OUTCOMES,
  outcomeSource: OUTCOME_SOURCES,
} as const;

/** The fields of each type of fact. */
export const FACT_FIELDS = {
  call: {
    ...BASE,
    ...OF_CALL,
    ...all(['channel', 'transport', 'campaignId', 'customerId', 'platform', 'platformCostUsd'], 'text'),
    ...all(['sipCallId', 'sipTrunkId'], 'text'),
    direction: DIRECTIONS,
    billedSeconds: 'number',
    ...all(['transferred', 'reported'], 'flag'),
    used: each(of({ stage: ['stt', 'llm', 'tts'], ...all(['provider', 'model'], 'text'), usage: USAGE })),
  },
  turn: {
    ...BASE,
    ...all(['turnIndex', 'speechStartedUs', 'speechEndedUs', 'committedUs'], 'number'),
    ...all(['reportedEouLatencySeconds', 'sentimentScore'], 'number'),
    ...all(['startsBeforeSpeech', 'initiatorByStages', 'interrupted', 'interruptedIfFollowed'], 'flag'),
    unheard: 'flag',
    initiator: INITIATORS,
    eouSource: EOU_SOURCES,
    cutOffBy: CUT_OFF_BY,
    reportedLatencies: REPORTED,
    detection: DETECTION,
    utterances: each(of(all(['startedUs', 'endedUs', 'committedUs'], 'number'))),
    pauses: each('number'),
    interruptions: each(of({ kind: INTERRUPTION_KINDS, ...all(['atUs', 'timeToSilenceSeconds'], 'number') })),
    spokenRequest: 'text',
    ...all(['userText', 'agentText'], 'said'),
  },
  turn_part: {
    ...BASE,
    part: ['user', 'agent', 'both', 'speech', 'commit', 'detection', 'first_audio'],
    detection: DETECTION,
    ...all(['replyKey', 'sttProvider', 'sttModel'], 'text'),
    ...all(['interrupted', 'backchannel'], 'flag'),
    interruptedBy: ['user', 'program'],
    ...all(['reportedEouLatencySeconds', 'endOfTurnDelaySeconds', 'transcriptionDelaySeconds'], 'number'),
    words: 'said',
    request: of(REQUEST),
    reportedLatencies: REPORTED,
  },
  stage: {
    ...BASE,
    ...REQUEST,
    stage: STAGES,
    ...all(['turnIndex', 'speechEndedUs'], 'number'),
    pauses: each('number'),
    ...all(['streaming', 'cancelled', 'endUnknown', 'reported'], 'flag'),
    finishReasons: each('text'),
    toolName: 'text',
    playbackSource: PLAYBACK_SOURCES,
    words: 'said',
  },
  said: {
    ...BASE,
    by: ['user', 'agent', 'tool'],
    ...all(['endOfTurnDelaySeconds', 'transcriptionDelaySeconds', 'firstTokenSeconds'], 'number'),
    ...all(['firstAudioSeconds', 'reportedEouLatencySeconds', 'characters'], 'number'),
    ...all(['interrupted', 'isTimed'], 'flag'),
    toolName: 'text',
    words: 'said',
  },
  other: { ...BASE, turnIndex: 'number', call: of(OF_CALL) },
} as const satisfies { readonly [Type in Fact['type']]: Complete<Extract<Fact, { type: Type }>> };

/** What no fact of a type is without. */
export const REQUIRED: { readonly [Type in Fact['type']]: readonly string[] } = {
  call: [],
  turn: ['turnIndex'],
  turn_part: ['part'],
  stage: ['stage'],
  said: ['by'],
  other: [],
};
export const ALWAYS: readonly string[] = ['traceId', 'spanId', 'callId', 'name', 'startUs', 'endUs'];
