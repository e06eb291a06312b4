import type { CallFact, Fact, FactBase, Micros, OtherFact, StageFact, TurnFact } from '../../model/facts.ts';
import { groupBy } from '../../model/group-by.ts';
import { isJudgment } from '../../model/scores.ts';
import { tenantOf } from '../../model/tenant.ts';
import { withConduct } from './conduct.ts';
import type { GroupedCall, GroupedTurn } from './grouped.ts';
import { speechIsKnown } from './heard.ts';
import { labelsOf } from './labels.ts';
import { type Legs, legsOf } from './legs.ts';
import { Observed } from './observed.ts';
import { withoutRepeats } from './repeated.ts';
import { withReported } from './reported.ts';
import { sourcesOf } from './sources.ts';
import { keyOf, SpanTree } from './span-tree.ts';
import { joinTurns } from './turn-parts.ts';
import { withWords } from './words.ts';

/**
 * Groups a call's facts into its turns. The result depends on the set of facts alone: not on their order, nor on how
 * often one comes (`(traceId, spanId)` is the key).
 *
 * @throws RangeError without facts, or with facts of several calls or tenants.
 */
export function groupCall(facts: readonly Fact[]): GroupedCall {
  const told = inOrder(facts);
  const reported = withReported(told.ordered);
  const { ordered, tree } = reported === told.ordered ? told : inOrder(reported);
  const [first] = ordered;
  if (first === undefined) throw new RangeError('saw no facts, expected those of one call');
  const tenant = tenantOf(first);
  const stranger = ordered.find((fact) => fact.callId !== first.callId || tenantOf(fact) !== tenant);
  if (stranger !== undefined) {
    throw new RangeError(
      `saw facts of calls ${first.callId} and ${stranger.callId}, expected those of one call of one tenant`,
    );
  }

  const observed = new Observed(ordered);
  const turns = numberTurns(ordered, tree, observed);
  const work: StageFact[] = [];
  for (const fact of ordered) {
    const stage = fact.type === 'stage' ? observed.stage(fact) : requestIn(fact);
    if (stage !== undefined) work.push(stage);
  }
  const stages = [...withoutRepeats(work, tree), ...turns.flatMap(({ stt }) => stt ?? [])];
  const { calls, reports } = callsIn(ordered);
  const legs = legsOf(calls);
  const details = [
    ...reports,
    ...ordered.filter(({ type }) => type === 'other').flatMap((fact) => (fact as OtherFact).call ?? []),
  ];
  const fact = mergeCallFacts(legs, details);
  const tellers = { fact, all: [...details, ...legs.describing], timing: legs.timing };
  const sources = sourcesOf(tellers, stages);
  const knowsSpeech = speechIsKnown(ordered);
  const voice = ordered.filter((candidate) => candidate.type === 'turn_part' && candidate.part === 'speech');
  return {
    tenant,
    callId: first.callId,
    knowsSpeech,
    ...(voice.length > 0 && { voice }),
    startUs: fact?.startUs ?? (partsOf(ordered)[0] ?? first).startUs,
    endUs: fact?.endUs ?? lastEnd(partsOf(ordered)),
    ...(fact !== undefined && { fact }),
    ...(sources !== undefined && { sources }),
    ...(legs.count !== undefined && { legCount: legs.count }),
    billed: legs.billed,
    ...labelsOf(ordered, fact),
    turns: withWords(
      withConduct(turnsOf(turns, stages, tree), stages, {
        knowsSpeech,
        endedUs: fact?.endUs,
        endReason: fact?.endReason,
      }),
    ),
    stages,
  };
}

const compare = <T extends string | number>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * By time, then by key. Of versions of one span the one that ended last counts: some programs export a span when it starts,
 * too. Those that ended together come by their content, so that the same one wins in any delivery.
 */
function inOrder(facts: readonly Fact[]): { ordered: readonly Fact[]; tree: SpanTree } {
  const all = facts.toSorted(
    (a, b) =>
      compare(a.startUs, b.startUs) ||
      compare(a.endUs, b.endUs) ||
      compare(a.traceId, b.traceId) ||
      compare(a.spanId, b.spanId) ||
      compare(JSON.stringify(a), JSON.stringify(b)),
  );
  const tree = new SpanTree(all);
  if (tree.size === all.length) return { ordered: all, tree };
  const last = new Map<string, Fact>();
  for (const fact of all) {
    const known = last.get(keyOf(fact));
    if (known === undefined || fact.endUs > known.endUs) last.set(keyOf(fact), fact);
  }
  const ordered = all.filter((fact) => last.get(keyOf(fact)) === fact);
  return { ordered, tree: new SpanTree(ordered) };
}

/** What happened in the call: who judges it does so at any other time. */
const partsOf = (facts: readonly Fact[]): readonly Fact[] => {
  const parts = facts.filter((fact) => !isJudgment(fact));
  return parts.length > 0 ? parts : facts;
};

const lastEnd = (facts: readonly FactBase[]): Micros =>
  facts.reduce((latest, fact) => Math.max(latest, fact.endUs), Number.NEGATIVE_INFINITY);

/**
 * The spans of a call as a whole, and what a framework reported of it. Without a span of its connection that report, in
 * however many parts it came, stands for one.
 */
function callsIn(facts: readonly Fact[]): { calls: CallFact[]; reports: CallFact[] } {
  const all = facts.filter((fact) => fact.type === 'call');
  const reports = all.filter(({ reported }) => reported === true);
  const calls = all.filter(({ reported }) => reported !== true);
  const [first] = reports;
  const isConnected = calls.some(({ billedSeconds, platform }) => (billedSeconds ?? platform) === undefined);
  if (first === undefined || isConnected) return { calls, reports };
  const whole = Object.assign({}, ...reports, { startUs: first.startUs, endUs: lastEnd(reports) });
  return { calls: [...calls, whole], reports };
}

/**
 * A call that reconnected has several call spans: it lasts from the first to the last, and the last one to know wins. What
 * a framework reported of it is known of it, too, and its instants count where no span came.
 */
function mergeCallFacts(
  { describing, timing }: Legs,
  details: readonly Partial<CallFact>[],
): CallFact | undefined {
  const [first] = timing;
  if (first === undefined) return undefined;
  // Attached after the end: later than what any call span says.
  const late = details.findLast(({ recordingUrl }) => recordingUrl !== undefined)?.recordingUrl;
  return Object.assign({}, ...details, ...describing, {
    startUs: first.startUs,
    endUs: lastEnd(timing),
    ...(late !== undefined && { recordingUrl: late }),
  });
}

/** The request that a framework reports on the agent's side of a turn, as a stage below that span. */
function requestIn(fact: Fact): StageFact | undefined {
  if (fact.type !== 'turn_part' || fact.request === undefined) return undefined;
  const { traceId, spanId, callId, name, startUs, endUs, request } = fact;
  const base = { traceId, spanId: `${spanId}/request`, parentSpanId: spanId, callId, name, startUs, endUs };
  return { ...base, type: 'stage', stage: 'llm', endUnknown: true, ...request };
}

function turnsOf(
  known: readonly NumberedTurn[],
  stages: readonly StageFact[],
  tree: SpanTree,
): GroupedTurn[] {
  const find = turnFinder(known, tree);
  const stagesOf = groupBy(stages, find);
  const numbered = new Map(known.map((turn) => [turn.turnIndex, turn]));
  return [...new Set([...numbered.keys(), ...stagesOf.keys()])]
    .filter((turnIndex) => turnIndex !== undefined)
    .sort((a, b) => a - b)
    .flatMap((turnIndex) => {
      const { fact, joined, spans } = numbered.get(turnIndex) ?? {};
      const own = (stagesOf.get(turnIndex) ?? []).sort((a, b) => a.startUs - b.startUs);
      const bounds = fact ?? own[0];
      if (bounds === undefined) return [];
      const turn: GroupedTurn = {
        turnIndex,
        traceId: bounds.traceId,
        startUs: bounds.startUs,
        endUs: fact?.endUs ?? lastEnd(own),
        stages: own,
      };
      if (fact !== undefined) turn.fact = fact;
      if (joined === true) turn.joined = joined;
      if (spans !== undefined) turn.spans = spans;
      return turn;
    });
}

/** A turn and its number in the call, mostly the one that its span carries. */
interface NumberedTurn {
  turnIndex: number;
  fact: TurnFact;
  /** Keys of the spans that stages are below. */
  spans: readonly string[];
  /** Of a turn that was joined from its sides. */
  joined: boolean;
  stages: readonly StageFact[];
  stt?: StageFact;
}

/**
 * An agent that took a call over from a process that died may count its turns from 0 again. A turn whose index is
 * taken gets the next free one, so that none is lost. So do the turns of frameworks that do not count.
 */
function numberTurns(facts: readonly Fact[], tree: SpanTree, observed: Observed): NumberedTurn[] {
  let next = 1 + facts.reduce((highest, fact) => Math.max(highest, writtenIndex(fact) ?? -1), -1);
  const taken = new Set<number>();
  const written = facts
    .filter((fact) => fact.type === 'turn')
    .map((fact) => observed.turn(fact))
    .map((fact): NumberedTurn => {
      const own = writtenIndex(fact);
      const turnIndex = own === undefined || taken.has(own) ? next++ : own;
      taken.add(turnIndex);
      return { turnIndex, fact, spans: [keyOf(fact)], joined: false, stages: [] };
    });
  const joined = joinTurns(facts, tree).map(({ fact, ...turn }): NumberedTurn => {
    const turnIndex = next++;
    return { ...turn, turnIndex, fact: { ...fact, turnIndex }, joined: true };
  });
  const lastStartUs = written.reduce(
    (last, { fact }) => Math.max(last, fact.startUs),
    Number.NEGATIVE_INFINITY,
  );
  return [
    ...written.map((turn) => ({ ...turn, fact: interruptedBefore(lastStartUs, turn.fact) })),
    ...joined,
  ];
}

/** Nothing but another turn, which begins later, shows that it was the user who cut this one off. */
const interruptedBefore = (lastStartUs: Micros, fact: TurnFact): TurnFact =>
  fact.interruptedIfFollowed === true ? { ...fact, interrupted: lastStartUs > fact.startUs } : fact;

/** No call has so many turns: a number beyond it is none, and its turn gets the next free one. */
const MAX_TURN_INDEX = 1_000_000;

function writtenIndex(fact: Fact): number | undefined {
  const turnIndex = fact.type === 'call' ? undefined : fact.turnIndex;
  return turnIndex !== undefined && turnIndex <= MAX_TURN_INDEX ? turnIndex : undefined;
}

/**
 * Finds the turn of a stage: the one that its `turnIndex` names, whether that turn's span arrived or not (of two that
 * carry the same number, the one in its trace). A stage without a number goes to the turn span above it, else to the
 * turn of its trace where there is exactly one. A trace of joined turns is the whole call's and says nothing.
 */
function turnFinder(
  turns: readonly NumberedTurn[],
  tree: SpanTree,
): (stage: StageFact) => number | undefined {
  /** Of several turns with one number, the first; and the first of each trace. */
  const named = new Map<number | string, NumberedTurn>();
  const inTraceKey = (turnIndex: number, traceId: string) => `${turnIndex}/${traceId}`;
  for (const turn of turns) {
    if (turn.joined) continue;
    for (const key of [turn.fact.turnIndex, inTraceKey(turn.fact.turnIndex, turn.fact.traceId)]) {
      if (!named.has(key)) named.set(key, turn);
    }
  }
  const inTrace = groupBy(turns, ({ fact }) => fact.traceId);
  const bySpan = new Map(turns.flatMap(({ turnIndex, spans }) => spans.map((key) => [key, turnIndex])));
  const turnSpanAbove = tree.finder((key) => bySpan.has(key));
  const known = new Map(
    turns.flatMap(({ turnIndex, stages, stt }) =>
      [...stages, ...(stt ? [stt] : [])].map((stage) => [stage, turnIndex]),
    ),
  );

  return (stage) => {
    if (stage.turnIndex === undefined) {
      return known.get(stage) ?? bySpan.get(turnSpanAbove(stage) ?? '') ?? onlyTurnOf(stage.traceId);
    }
    const turn = named.get(inTraceKey(stage.turnIndex, stage.traceId)) ?? named.get(stage.turnIndex);
    return turn?.turnIndex ?? stage.turnIndex;
  };

  function onlyTurnOf(traceId: string): number | undefined {
    const turns = inTrace.get(traceId) ?? [];
    return turns.length === 1 && turns[0]?.joined === false ? turns[0].turnIndex : undefined;
  }
}
