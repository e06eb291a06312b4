import type { Fact, Micros, ModelUsage, SaidFact, StageFact, TurnPartFact } from '../../model/facts.ts';
import { lastUpTo, within } from './ascending.ts';
import { usageOfModels } from './reported-usage.ts';

/** Figures of one framework are so far apart. */
const TOLERANCE_US = 500_000;

/**
 * A call's facts, completed by what its framework reported when it was over: sides of turns whose spans were lost, and
 * what models used of which no span tells. The report itself repeats nothing: where the spans came, they stand.
 *
 * @param facts - in order of time, each span once
 */
export function withReported(facts: readonly Fact[]): readonly Fact[] {
  const said = facts.filter((fact) => fact.type === 'said');
  const used = facts.find((fact) => fact.type === 'call' && fact.used !== undefined);
  const models = used?.type === 'call' ? (used.used ?? []) : [];
  if (said.length === 0 && models.length === 0) return facts;
  const spans = facts.filter((fact) => fact.type !== 'said').map((fact) => named(fact, models));
  // Turns that name themselves were written as they were spoken: nothing of them is to be completed.
  const missing = spans.some((fact) => fact.type === 'turn') ? [] : said.filter(notToldBy(spans));
  const traceId = spans.find((fact) => !isReport(fact))?.traceId;
  const worded = withWordsOf(said, spans);
  const replyOf = replyFinder(spans);
  const voice = voiceOf(models, spans);
  const isSynthesized = openIn(spans.filter((fact) => isStage(fact, 'tts') && fact.usage !== undefined));
  const completed = missing.flatMap((fact) => {
    const reply = fact.by === 'agent' && fact.isTimed === true ? replyOf(fact) : undefined;
    if (reply !== undefined) return [playbackOf(fact, reply)];
    // Syntheses whose spans came are billed as those say it.
    const synthesizer = isSynthesized(fact.startUs - TOLERANCE_US, fact.endUs) ? undefined : voice;
    return factsOf(fact, models, synthesizer, traceId);
  });
  const all = [...worded, ...completed];
  return used === undefined ? all : [...all, ...usageOfModels(used, models, all)];
}

const isReport = (fact: Fact): boolean => fact.type === 'call' && fact.reported === true;

/** The user's side with the model that transcribed it, where the span names the provider alone and the report one model of it. */
function named(fact: Fact, models: readonly ModelUsage[]): Fact {
  if (fact.type !== 'turn_part' || fact.part !== 'user' || fact.sttModel !== undefined) return fact;
  const transcribers = models.filter(
    ({ stage, provider }) =>
      stage === 'stt' && (fact.sttProvider === undefined || provider === fact.sttProvider),
  );
  const [only] = transcribers;
  if (only?.model === undefined || transcribers.length > 1) return fact;
  const { provider = fact.sttProvider, model } = only;
  return { ...fact, sttModel: model, ...(provider !== undefined && { sttProvider: provider }) };
}

/** Playbacks with what was heard, where no side of a turn says it: of words that the application gave itself. */
function withWordsOf(said: readonly SaidFact[], spans: readonly Fact[]): Fact[] {
  const isKnown = openIn(spans.filter((fact) => isPart(fact, 'agent') && fact.words !== undefined));
  const heard = said.filter(
    (fact) =>
      fact.by === 'agent' &&
      fact.isTimed === true &&
      fact.words &&
      !isKnown(fact.startUs + 1, fact.endUs - 1),
  );
  if (heard.length === 0) return [...spans];
  return spans.map((fact) => {
    if (!isStage(fact, 'playback')) return fact;
    const words = heard.find((each) => isSameTime(each, fact))?.words;
    return words === undefined ? fact : { ...fact, words };
  });
}

const isSameTime = (one: Fact, other: Fact): boolean =>
  one.startUs < other.endUs && other.startUs < one.endUs;
const isStage = (fact: Fact, stage: StageFact['stage']): fact is StageFact =>
  fact.type === 'stage' && fact.stage === stage;
const isPart = (fact: Fact, part: TurnPartFact['part']): fact is TurnPartFact =>
  fact.type === 'turn_part' && fact.part === part;

/** What no span says: there is none of a side or a stage of its kind in the same stretch of time. */
function notToldBy(spans: readonly Fact[]): (said: SaidFact) => boolean {
  const told = {
    tool: openIn(spans.filter((fact) => isStage(fact, 'tool'))),
    user: openIn(spans.filter((fact) => isPart(fact, 'user'))),
    agent: openIn(spans.filter((fact) => isStage(fact, 'playback'))),
    // Not its end: a side stays open until the next begins.
    written: openIn(spans.filter((fact) => isStage(fact, 'playback') || isPart(fact, 'agent'))),
  };
  return ({ by, isTimed, startUs, endUs }) => {
    const isTold = told[by === 'agent' && isTimed !== true ? 'written' : by];
    return !isTold(startUs - TOLERANCE_US, endUs + TOLERANCE_US);
  };
}

/** A look whether any of some spans, in order of time, is open in a stretch: in logarithmic time, as sessions last for hours. */
function openIn(spans: readonly Fact[]): (fromUs: Micros, untilUs: Micros) => boolean {
  let latestUs = Number.NEGATIVE_INFINITY;
  const known = spans.map(({ startUs, endUs }) => {
    latestUs = Math.max(latestUs, endUs);
    return { startUs, latestUs };
  });
  return (fromUs, untilUs) => (lastUpTo(known, untilUs, (each) => each.startUs)?.latestUs ?? -1) >= fromUs;
}

/**
 * A search for the side of the agent whose playback was lost: the latest that had begun and was not over when the voice
 * began, and that was not heard before it. Sides that are over by then were begun too early and thrown away. Where both
 * say how long the user waited, they say the same. Each side is found once.
 */
function replyFinder(spans: readonly Fact[]): (said: SaidFact) => TurnPartFact | undefined {
  const sides = spans.filter((fact) => isPart(fact, 'agent'));
  const playbacks = spans.filter((fact) => isStage(fact, 'playback'));
  const found = new Set<Fact>();
  return ({ startUs, reportedEouLatencySeconds: waited }) => {
    const reply = within(sides, Number.NEGATIVE_INFINITY, startUs, (side) => side.startUs).findLast(
      (side) => side.endUs >= startUs - TOLERANCE_US && !found.has(side),
    );
    if (reply === undefined) return undefined;
    const heard = lastUpTo(playbacks, startUs - 1, (playback) => playback.startUs);
    const { reportedEouLatencySeconds: known } = reply;
    const isOther =
      known !== undefined && waited !== undefined && Math.abs(known - waited) * 1e6 > TOLERANCE_US / 10;
    if (isOther || (heard !== undefined && heard.startUs >= reply.startUs)) return undefined;
    found.add(reply);
    return reply;
  };
}

const playbackOf = (said: SaidFact, { traceId, spanId }: TurnPartFact): StageFact => ({
  ...baseOf(said),
  traceId,
  parentSpanId: spanId,
  type: 'stage',
  stage: 'playback',
  playbackSource: 'observed',
  ...(said.words !== undefined && { words: said.words }),
});

function factsOf(
  said: SaidFact,
  models: readonly ModelUsage[],
  voice: Voice | undefined,
  trace: string | undefined,
): Fact[] {
  const fact = trace === undefined ? said : { ...said, traceId: trace };
  if (fact.by === 'tool') return [toolOf(fact)];
  // When it was spoken is not known: there was no voice, as with a session of text.
  if (fact.isTimed !== true) return [];
  return fact.by === 'user' ? [userSide(fact, models)] : agentSide(fact, voice);
}

const baseOf = ({ traceId, spanId, callId, name, startUs, endUs, tenant }: SaidFact) => ({
  ...(tenant !== undefined && { tenant }),
  ...{ traceId, spanId, callId, name, startUs, endUs },
});

const toolOf = (said: SaidFact): StageFact => ({
  ...baseOf(said),
  type: 'stage',
  stage: 'tool',
  ...(said.toolName !== undefined && { toolName: said.toolName }),
  ...(said.errorType !== undefined && { errorType: said.errorType }),
});

/** It ends with its commit, and its voice has ended before by the delay. */
function userSide(said: SaidFact, models: readonly ModelUsage[]): TurnPartFact {
  const { endOfTurnDelaySeconds, transcriptionDelaySeconds, words } = said;
  const part: TurnPartFact = {
    ...baseOf(said),
    endUs: said.endUs + toMicros(endOfTurnDelaySeconds),
    type: 'turn_part',
    part: 'user',
    ...(endOfTurnDelaySeconds !== undefined && { endOfTurnDelaySeconds }),
    ...(transcriptionDelaySeconds !== undefined && { transcriptionDelaySeconds }),
    ...(words !== undefined && { words }),
  };
  return named(part, models) as TurnPartFact;
}

type Voice = Pick<StageFact, 'provider' | 'model'>;

/** The reply as it was heard, and the synthesis of its words by a voice. The request that gave them is not placed in time. */
function agentSide(said: SaidFact, voice: Voice | undefined): Fact[] {
  const base = baseOf(said);
  const { reportedEouLatencySeconds, interrupted, words, characters } = said;
  const { firstTokenSeconds: ttfb_llm, firstAudioSeconds: ttfb_tts } = said;
  const child = (what: string) => ({ ...base, spanId: `${said.spanId}/${what}`, parentSpanId: said.spanId });
  const startUs = base.startUs - toMicros(ttfb_tts);
  return [
    {
      ...base,
      startUs,
      type: 'turn_part',
      part: 'agent',
      interrupted: interrupted === true,
      reportedLatencies: { ...(ttfb_llm && { ttfb_llm }), ...(ttfb_tts && { ttfb_tts }) },
      ...(reportedEouLatencySeconds !== undefined && { reportedEouLatencySeconds }),
      ...(words !== undefined && { words }),
    },
    { ...child('playback'), type: 'stage', stage: 'playback', playbackSource: 'observed' },
    ...(voice === undefined || characters === undefined
      ? []
      : [
          {
            ...child('tts'),
            startUs,
            type: 'stage' as const,
            stage: 'tts' as const,
            endUnknown: true,
            reported: true,
            ...voice,
            usage: { characters, audioSeconds: (said.endUs - said.startUs) / 1e6, estimated: true },
          },
        ]),
  ];
}

/** Who speaks in the call, where it is one: as the spans name it, else as the report does. */
function voiceOf(models: readonly ModelUsage[], spans: readonly Fact[]): Voice | undefined {
  const syntheses = spans.filter((fact): fact is StageFact => fact.type === 'stage' && fact.stage === 'tts');
  const named = syntheses.length > 0 ? syntheses : models.filter(({ stage }) => stage === 'tts');
  const [first] = named;
  if (first === undefined || named.some(({ model }) => model !== first.model)) return undefined;
  const { provider, model } = first;
  return { ...(provider !== undefined && { provider }), ...(model !== undefined && { model }) };
}

const toMicros = (seconds: number | undefined): Micros => Math.round((seconds ?? 0) * 1e6);
