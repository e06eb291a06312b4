import type { CallFact, Fact, FactBase, Micros, StageFact, TurnFact } from '../facts.ts';

/** A turn with its stages in order of start. */
export interface Turn {
  turnIndex: number;
  traceId: string;
  startUs: Micros;
  endUs: Micros;
  /** Absent when the turn span was lost: the process died before it ended. */
  fact?: TurnFact;
  stages: readonly StageFact[];
}

/** A call with its turns in order of `turnIndex`. */
export interface Call {
  callId: string;
  startUs: Micros;
  endUs: Micros;
  /** Absent while the call goes on, or when the call span was lost. Several call spans are one fact here. */
  fact?: CallFact;
  serviceName?: string;
  turns: readonly Turn[];
  /** Every stage of the call, those outside any turn too. */
  stages: readonly StageFact[];
}

/**
 * Groups a call's facts into its turns. The result depends on the set of facts alone: not on their order, nor on how
 * often one comes (`(traceId, spanId)` is the key).
 *
 * @throws RangeError without facts, or with facts of several calls.
 */
export function groupCall(facts: readonly Fact[]): Call {
  const ordered = inOrder(facts);
  const [first] = ordered;
  if (first === undefined) throw new RangeError('saw no facts, expected those of one call');
  const stranger = ordered.find((fact) => fact.callId !== first.callId);
  if (stranger !== undefined) {
    throw new RangeError(
      `saw facts of calls ${first.callId} and ${stranger.callId}, expected those of one call`,
    );
  }

  const stages = ordered.filter((fact) => fact.type === 'stage');
  const fact = mergeCallFacts(ordered.filter((candidate) => candidate.type === 'call'));
  const serviceName = fact?.serviceName ?? ordered.find((any) => any.serviceName !== undefined)?.serviceName;
  return {
    callId: first.callId,
    startUs: fact?.startUs ?? first.startUs,
    endUs: fact?.endUs ?? lastEnd(ordered),
    ...(fact !== undefined && { fact }),
    ...(serviceName !== undefined && { serviceName }),
    turns: turnsOf(ordered, stages),
    stages,
  };
}

function groupBy<K, T>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

const compare = <T extends string | number>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

/** By time, then by key. Versions of one span come by their content, so that the same one wins in any delivery. */
function inOrder(facts: readonly Fact[]): Fact[] {
  const ordered = facts.toSorted(
    (a, b) =>
      compare(a.startUs, b.startUs) ||
      compare(a.endUs, b.endUs) ||
      compare(a.traceId, b.traceId) ||
      compare(a.spanId, b.spanId) ||
      compare(JSON.stringify(a), JSON.stringify(b)),
  );
  const seen = new Set<string>();
  return ordered.filter((fact) => {
    const key = keyOf(fact);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

const keyOf = ({ traceId, spanId }: FactBase): string => `${traceId}/${spanId}`;

const lastEnd = (facts: readonly FactBase[]): Micros =>
  facts.reduce((latest, fact) => Math.max(latest, fact.endUs), Number.NEGATIVE_INFINITY);

/** A call that reconnected has several call spans: it lasts from the first to the last, and the last one to know wins. */
function mergeCallFacts(facts: readonly CallFact[]): CallFact | undefined {
  const [first] = facts;
  if (first === undefined) return undefined;
  return Object.assign({}, ...facts, { startUs: first.startUs, endUs: lastEnd(facts) });
}

function turnsOf(ordered: readonly Fact[], stages: readonly StageFact[]): Turn[] {
  const spans = numberTurns(ordered);
  const find = turnFinder(ordered, spans);
  const stagesOf = groupBy(stages, find);
  const factOf = new Map(spans.map(({ turnIndex, fact }) => [turnIndex, fact]));
  return [...new Set([...factOf.keys(), ...stagesOf.keys()])]
    .filter((turnIndex) => turnIndex !== undefined)
    .sort((a, b) => a - b)
    .flatMap((turnIndex) => {
      const fact = factOf.get(turnIndex);
      const own = stagesOf.get(turnIndex) ?? [];
      const bounds = fact ?? own[0];
      if (bounds === undefined) return [];
      return {
        turnIndex,
        traceId: bounds.traceId,
        startUs: bounds.startUs,
        endUs: fact?.endUs ?? lastEnd(own),
        ...(fact !== undefined && { fact }),
        stages: own,
      };
    });
}

/** A turn span and its number in the call, mostly the one that it carries. */
interface NumberedTurn {
  turnIndex: number;
  fact: TurnFact;
}

/**
 * An agent that took a call over from a process that died may count its turns from 0 again. A turn whose index is
 * taken gets the next free one, so that none is lost.
 */
function numberTurns(facts: readonly Fact[]): NumberedTurn[] {
  let next = 1 + facts.reduce((highest, fact) => Math.max(highest, writtenIndex(fact) ?? -1), -1);
  const taken = new Set<number>();
  return facts
    .filter((fact) => fact.type === 'turn')
    .map((fact) => {
      const turnIndex = taken.has(fact.turnIndex) ? next++ : fact.turnIndex;
      taken.add(turnIndex);
      return { turnIndex, fact };
    });
}

const writtenIndex = (fact: Fact): number | undefined => (fact.type === 'call' ? undefined : fact.turnIndex);

/**
 * Finds the turn of a stage: the one that its `turnIndex` names, whether that turn's span arrived or not (of two that
 * carry the same number, the one in its trace). A stage without a number goes to the turn span above it, else to the
 * turn of its trace where there is exactly one.
 */
function turnFinder(
  facts: readonly Fact[],
  turns: readonly NumberedTurn[],
): (stage: StageFact) => number | undefined {
  const spans = new Map(facts.map((fact) => [keyOf(fact), fact]));
  const written = groupBy(turns, ({ fact }) => fact.turnIndex);
  const inTrace = groupBy(turns, ({ fact }) => fact.traceId);
  const bySpan = new Map(turns.map(({ turnIndex, fact }) => [keyOf(fact), turnIndex]));

  return (stage) => {
    if (stage.turnIndex === undefined) return above(stage) ?? onlyTurnOf(stage.traceId);
    const named = written.get(stage.turnIndex) ?? [];
    const turn = named.find(({ fact }) => fact.traceId === stage.traceId) ?? named[0];
    return turn?.turnIndex ?? stage.turnIndex;
  };

  function above(stage: StageFact): number | undefined {
    const visited = new Set<Fact>();
    let span: Fact | undefined = stage;
    while (span?.parentSpanId !== undefined && !visited.has(span)) {
      visited.add(span);
      const key: string = `${span.traceId}/${span.parentSpanId}`;
      const turnIndex = bySpan.get(key);
      if (turnIndex !== undefined) return turnIndex;
      span = spans.get(key);
    }
    return undefined;
  }

  function onlyTurnOf(traceId: string): number | undefined {
    const turns = inTrace.get(traceId) ?? [];
    return turns.length === 1 ? turns[0]?.turnIndex : undefined;
  }
}
