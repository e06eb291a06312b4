import type {
  CallFact,
  Fact,
  FactBase,
  Interruption,
  Micros,
  OtherFact,
  StageFact,
  TurnFact,
  Usage,
  Utterance,
} from '../../model/facts.ts';
import { recordingUrl } from '../../model/recording-url.ts';
import { ATTR, EVENT, SPAN } from '../../model/semconv.ts';
import type { SpanRecord } from '../../model/span-record.ts';
import type { StageKind } from '../../model/vocabulary.ts';
import {
  DIRECTIONS,
  EOU_SOURCES,
  INITIATORS,
  INTERRUPTION_KINDS,
  OUTCOME_SOURCES,
  OUTCOMES,
  PLAYBACK_SOURCES,
  STAGES,
} from '../../model/vocabulary.ts';
import {
  addPresent,
  amounts,
  count,
  eventTimes,
  flag,
  id,
  index,
  number,
  oneOf,
  present,
  quantity,
  text,
  texts,
} from './attributes.ts';
import { callIdOf, type Dialect, factBase } from './dialect.ts';
import { requestOf, servedModel } from './stages.ts';
import { tokenUsage } from './tokens.ts';

/** Our own spans, as `model/semconv.ts` names them. */
export const earshot = { name: 'earshot', recognises, read } satisfies Dialect;

const CALL_SPANS: ReadonlySet<string> = new Set([SPAN.call, SPAN.callUpdate, SPAN.response]);

function recognises(span: SpanRecord): boolean {
  if (stageOf(span) !== undefined || CALL_SPANS.has(span.name)) {
    return callIdOf(span) !== undefined;
  }
  return span.name === SPAN.turn && callIdOf(span) !== undefined && turnIndexOf(span) !== undefined;
}

function read(span: SpanRecord): Fact | undefined {
  const callId = callIdOf(span);
  if (callId === undefined) return undefined;
  const base = factBase(span, callId);
  const stage = stageOf(span);
  if (stage !== undefined) return stageFact(span, base, stage);
  if (span.name === SPAN.call) return callFact(span, base);
  if (span.name === SPAN.callUpdate) return { ...base, type: 'other', call: updateOf(span) };
  const turnIndex = turnIndexOf(span);
  if (span.name === SPAN.turn && turnIndex !== undefined) return turnFact(span, base, turnIndex);
  // What is left is the `response` span: a bar to look at, derived from marks that other spans carry.
  return undefined;
}

const stageOf = (span: SpanRecord): StageKind | undefined => oneOf(span.attributes, ATTR.stage, STAGES);
const turnIndexOf = (span: SpanRecord): number | undefined => index(span.attributes, ATTR.turnIndex);

const recordingOf = ({ attributes }: SpanRecord) => recordingUrl(text(attributes, ATTR.recordingUrl));

/** What a span says of the call that it stands for, in our own names. Spans of other frameworks may be given them too. */
export function callFact(span: SpanRecord, base: FactBase): CallFact {
  const { attributes } = span;
  return addPresent(base, {
    type: 'call' as const,
    direction: oneOf(attributes, ATTR.callDirection, DIRECTIONS),
    channel: text(attributes, ATTR.callChannel),
    transport: text(attributes, ATTR.transport),
    campaignId: text(attributes, ATTR.campaignId),
    agentName: text(attributes, ATTR.agentName),
    customerId: id(attributes, ATTR.customerId),
    recordingUrl: recordingOf(span),
    endReason: text(attributes, ATTR.endReason),
    outcome: oneOf(attributes, ATTR.outcome, OUTCOMES),
    outcomeConfidence: number(attributes, ATTR.outcomeConfidence, { min: 0, max: 1 }),
    outcomeSource: oneOf(attributes, ATTR.outcomeSource, OUTCOME_SOURCES),
    sipStatusCode: number(attributes, ATTR.sipStatusCode, { min: 100, max: 699 }),
    amdResult: text(attributes, ATTR.amdResult),
    roomId: id(attributes, ATTR.roomId),
    sipCallId: id(attributes, ATTR.sipCallId),
    sipTrunkId: id(attributes, ATTR.sipTrunkId),
    billedSeconds: quantity(attributes, ATTR.billedSeconds),
    transferred: flag(attributes, ATTR.transferred),
  });
}

/** What became known late. */
const updateOf = (span: SpanRecord): NonNullable<OtherFact['call']> =>
  present({
    recordingUrl: recordingOf(span),
    endReason: text(span.attributes, ATTR.endReason),
    sipStatusCode: number(span.attributes, ATTR.sipStatusCode, { min: 100, max: 699 }),
    amdResult: text(span.attributes, ATTR.amdResult),
  });

function turnFact(span: SpanRecord, base: FactBase, turnIndex: number): TurnFact {
  const { attributes } = span;
  const commits = eventTimes(span, EVENT.turnCommitted);
  const committedUs = commits.at(-1);
  const utterances = commits.length > 1 ? utterancesOf(span, commits) : undefined;
  const pauses = pausesOf(span, commits);
  const interruptions = interruptionsOf(span);
  const initiator = oneOf(attributes, ATTR.turnInitiator, INITIATORS);
  return addPresent(base, {
    type: 'turn' as const,
    turnIndex,
    initiator,
    // No transcription had begun when the turn ended. In a call with transcriptions its stages show who began.
    initiatorByStages: initiator === undefined ? true : undefined,
    speechStartedUs: eventTimes(span, EVENT.userSpeechStarted)[0],
    speechEndedUs: answeredSpeechEnd(eventTimes(span, EVENT.userSpeechEnded), committedUs),
    committedUs,
    utterances: utterances && utterances.length > 1 ? utterances : undefined,
    pauses: pauses.length > 0 ? pauses : undefined,
    eouSource: oneOf(attributes, ATTR.eouSource, EOU_SOURCES),
    reportedEouLatencySeconds: quantity(attributes, ATTR.eouLatency),
    interrupted: flag(attributes, ATTR.turnInterrupted),
    spokenRequest: text(attributes, ATTR.spokenRequest),
    cutOffBy: oneOf(attributes, ATTR.turnCutOffBy, ['hangup', 'program']),
    interruptions: interruptions.length > 0 ? interruptions : undefined,
    sentimentScore: number(attributes, ATTR.sentimentScore, { min: -1, max: 1 }),
    userText: text(attributes, ATTR.userText),
    agentText: text(attributes, ATTR.agentText),
  });
}

/**
 * The end of the speech that was answered. A user pauses and goes on, and may speak again over the answer: it is the
 * last end before the turn was committed, else the first one after; the last one where nothing was committed.
 */
function answeredSpeechEnd(ends: readonly Micros[], committedUs: Micros | undefined): Micros | undefined {
  if (committedUs === undefined) return ends.at(-1);
  return ends.findLast((end) => end <= committedUs) ?? ends[0];
}

/** What was said up to each commit since the one before, and when the silence after it began. */
function utterancesOf(span: SpanRecord, commits: readonly Micros[]): Utterance[] {
  const starts = eventTimes(span, EVENT.userSpeechStarted);
  const ends = eventTimes(span, EVENT.userSpeechEnded);
  let [nextStart, nextEnd] = [0, 0];
  return commits.flatMap((committedUs) => {
    const startedUs = starts[nextStart];
    let endedUs: Micros | undefined;
    for (; (starts[nextStart] ?? Number.POSITIVE_INFINITY) <= committedUs; nextStart += 1);
    for (; (ends[nextEnd] ?? Number.POSITIVE_INFINITY) <= committedUs; nextEnd += 1) endedUs = ends[nextEnd];
    if (endedUs === undefined) return [];
    return { ...(startedUs !== undefined && startedUs <= endedUs && { startedUs }), endedUs, committedUs };
  });
}

/** No one pauses so often in one turn. */
const MAX_PAUSES = 64;

/** From each end of speech to the start after it, where nothing was committed in between. */
function pausesOf(span: SpanRecord, commits: readonly Micros[]): Micros[] {
  const starts = eventTimes(span, EVENT.userSpeechStarted);
  const ends = eventTimes(span, EVENT.userSpeechEnded);
  const pauses: Micros[] = [];
  let [nextStart, nextCommit] = [0, 0];
  for (const [index, end] of ends.entries()) {
    for (; (starts[nextStart] ?? Number.POSITIVE_INFINITY) <= end; nextStart += 1);
    for (; (commits[nextCommit] ?? Number.POSITIVE_INFINITY) < end; nextCommit += 1);
    const start = starts[nextStart];
    if (start === undefined || pauses.length === MAX_PAUSES) break;
    const isLast = (ends[index + 1] ?? Number.POSITIVE_INFINITY) > start;
    const isCommitted = (commits[nextCommit] ?? Number.POSITIVE_INFINITY) <= start;
    if (isLast && !isCommitted) pauses.push(start - end);
  }
  return pauses;
}

function interruptionsOf(span: SpanRecord): Interruption[] {
  const interruptions: Interruption[] = [];
  for (const { name, timeUs, attributes = {} } of span.events) {
    if (name !== EVENT.interruption) continue;
    const kind = oneOf(attributes, ATTR.interruptionKind, INTERRUPTION_KINDS);
    if (kind === undefined || !Number.isFinite(timeUs)) continue;
    const timeToSilenceSeconds = quantity(attributes, ATTR.interruptionTimeToSilence);
    interruptions.push({
      kind,
      atUs: timeUs,
      ...(timeToSilenceSeconds !== undefined && { timeToSilenceSeconds }),
    });
  }
  return interruptions.sort((a, b) => a.atUs - b.atUs);
}

function stageFact(span: SpanRecord, base: FactBase, stage: StageKind): StageFact {
  const { attributes } = span;
  const cancelled =
    (stage === 'playback' ? flag(attributes, ATTR.playbackInterrupted) : undefined) ??
    flag(attributes, ATTR.stageCancelled);
  // Ended on purpose is not failed, whatever status the client library gave its aborted request.
  if (cancelled === true) delete base.errorType;
  return addPresent(base, {
    type: 'stage' as const,
    stage,
    turnIndex: turnIndexOf(span),
    provider: text(attributes, ATTR.providerName),
    ...servedModel(text(attributes, ATTR.requestModel), text(attributes, ATTR.responseModel)),
    ...requestOf(attributes),
    streaming: flag(attributes, ATTR.sttStreaming),
    pauses: amounts(attributes, ATTR.sttPauses)?.map((seconds) => Math.round(seconds * 1e6)),
    firstByteUs: firstByteOf(span),
    usage: usageOf(span),
    cancelled,
    finishReasons: texts(attributes, ATTR.finishReasons),
    toolName: text(attributes, ATTR.toolName),
    playbackSource: oneOf(attributes, ATTR.playbackSource, PLAYBACK_SOURCES),
  });
}

/** The event is exact; the attributes serve where a pipeline on the way has dropped events. */
function firstByteOf(span: SpanRecord): Micros | undefined {
  const event = eventTimes(span, EVENT.firstByte)[0];
  if (event !== undefined) return event;
  const seconds = quantity(span.attributes, ATTR.ttfb) ?? quantity(span.attributes, ATTR.timeToFirstChunk);
  const at = seconds === undefined ? undefined : span.startUs + Math.round(seconds * 1e6);
  return Number.isSafeInteger(at) ? at : undefined;
}

function usageOf({ attributes }: SpanRecord): Usage | undefined {
  const tokens = tokenUsage(attributes);
  const characters = count(attributes, ATTR.usageCharacters);
  const audioSeconds = quantity(attributes, ATTR.usageAudioSeconds);
  if (tokens === undefined && characters === undefined && audioSeconds === undefined) return undefined;
  const estimated = flag(attributes, ATTR.usageEstimated);
  return addPresent(tokens ?? {}, { characters, audioSeconds, estimated });
}
