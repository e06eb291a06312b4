import type { StageFact, Usage } from '../../model/facts.ts';
import type { StageKind } from '../../model/vocabulary.ts';
import { withoutAbsent } from '../../model/without-absent.ts';
import { type FindAbove, keyOf, type SpanTree } from './span-tree.ts';

/** Spans that two instrumentations write of one request begin and end together, but for their own work. */
const SAME_INSTANT_US = 100_000;

/**
 * Stages without those that tell of the same work again: an adapter over a provider, two instrumentations of one client,
 * the same spans exported twice under other ids. Each request counts once, with all that is known of it.
 *
 * - A stage inside a stage of the same kind: the outer one counts, unless only inner ones know what was used.
 * - Stages of one kind with the same response id.
 * - Requests with the same tokens that begin and end at the same instants, and no response ids to tell them apart.
 *
 * @param stages - in order of time
 */
export function withoutRepeats(stages: readonly StageFact[], tree: SpanTree): StageFact[] {
  return withoutTwins(withoutNested(stages, tree));
}

function withoutNested(stages: readonly StageFact[], tree: SpanTree): readonly StageFact[] {
  const stageAbove = tree.finder((_, span) => span?.type === 'stage');
  if (stages.every((stage) => stageAbove(stage) === undefined)) return stages;
  const told = finders(tree, ({ usage }) => usage !== undefined);
  const any = finders(tree, () => true);
  const outer = new Map(stages.map((stage) => [keyOf(stage), stage]));
  const inside = new Map<string, StageFact[]>();
  const top: StageFact[] = [];
  for (const stage of stages) {
    const key = told(stage) ?? (stage.usage && stage.stage === 'llm' ? any(stage) : undefined);
    if (key === undefined || !outer.has(key)) top.push(stage);
    else inside.set(key, [...(inside.get(key) ?? []), stage]);
  }
  return top.flatMap((stage) => {
    const inner = (inside.get(keyOf(stage)) ?? []).filter(({ usage }) => usage !== undefined);
    const [only] = inner;
    if (only === undefined) return [stage];
    if (stage.stage !== 'llm') return [namedAfter(stage, inner)];
    if (inner.length === 1) return [sameTokens(stage.usage, only.usage) ? merged(stage, only) : stage];
    // Several requests behind one: retries, or another model that had to step in. They know what they used.
    return stage.usage === undefined ? inner : [stage];
  });
}

/** A search for the nearest stage of the same kind above another that `matches`. */
function finders(tree: SpanTree, matches: (stage: StageFact) => boolean): FindAbove {
  const ofKind = new Map<StageKind, FindAbove>();
  return (fact) => {
    if (fact.type !== 'stage') return undefined;
    const kind = fact.stage;
    let find = ofKind.get(kind);
    if (find === undefined) {
      find = tree.finder((_, span) => span?.type === 'stage' && span.stage === kind && matches(span));
      ofKind.set(kind, find);
    }
    return find(fact);
  };
}

function withoutTwins(stages: readonly StageFact[]): StageFact[] {
  const kept: StageFact[] = [];
  const places = new Map<string, number>();
  for (const stage of stages) {
    const names = identities(stage);
    if (names.length === 0) {
      kept.push(stage);
      continue;
    }
    const place = names
      .map((name) => places.get(name))
      .find((at) => at !== undefined && isTwin(kept[at], stage));
    const twin = place === undefined ? undefined : kept[place];
    if (place === undefined || twin === undefined) kept.push(stage);
    else kept[place] = stage.stage === 'llm' ? merged(...inOrderOfKnowledge(twin, stage)) : twin;
    for (const name of names) places.set(name, place ?? kept.length - 1);
  }
  return kept;
}

/** Names that only spans of one request share: its response id, and (of requests to a model) its token counts. */
function identities({ stage, responseId, usage }: StageFact): string[] {
  const { inputTokens, outputTokens } = usage ?? {};
  const names: string[] = [];
  if (responseId !== undefined) names.push(`${stage} ${responseId}`);
  if (stage === 'llm' && inputTokens && outputTokens) names.push(`${inputTokens} ${outputTokens}`);
  return names;
}

function isTwin(one: StageFact | undefined, other: StageFact): boolean {
  if (one === undefined || one.stage !== other.stage) return false;
  // Spans that name their turn tell of one turn each.
  if (one.turnIndex !== undefined && other.turnIndex !== undefined && one.turnIndex !== other.turnIndex)
    return false;
  if (one.responseId !== undefined && other.responseId !== undefined) {
    // Servers that number their answers from 1 again give ids twice: one request took place at one time.
    const overlap = one.startUs < other.endUs && other.startUs < one.endUs;
    return one.responseId === other.responseId && (overlap || sameInstants(one, other));
  }
  return sameInstants(one, other);
}

function sameInstants(one: StageFact, other: StageFact): boolean {
  return (
    Math.abs(one.startUs - other.startUs) <= SAME_INSTANT_US &&
    Math.abs(one.endUs - other.endUs) <= SAME_INSTANT_US
  );
}

const sameTokens = (one: Usage | undefined, other: Usage | undefined): boolean =>
  one === undefined || (one.inputTokens === other?.inputTokens && one.outputTokens === other?.outputTokens);

/** The one with a place in the tree first, then the one that knows more of what was used. */
const inOrderOfKnowledge = (one: StageFact, other: StageFact): [StageFact, StageFact] => {
  const knowledge = ({ turnIndex, parentSpanId, usage = {} }: StageFact): number =>
    (turnIndex === undefined ? 0 : 1_000) +
    (parentSpanId === undefined ? 0 : 100) +
    Object.keys(usage).length;
  return knowledge(other) > knowledge(one) ? [other, one] : [one, other];
};

/** An adapter that does not say which model it asks, with the only one that the requests inside it name. */
function namedAfter(stage: StageFact, inner: readonly StageFact[]): StageFact {
  const [first] = inner;
  const isOne = inner.every(({ provider, model }) => provider === first?.provider && model === first?.model);
  if (stage.model !== undefined || first?.model === undefined || !isOne) return stage;
  const { provider, model } = first;
  return { ...stage, ...withoutAbsent({ provider, model }) };
}

/** What any span of a request may know of it. */
const OF_REQUEST = [
  'turnIndex',
  'provider',
  'model',
  'requestedModel',
  'serviceTier',
  'responseId',
  'firstByteUs',
  'finishReasons',
] as const satisfies readonly (keyof StageFact)[];

function takeOver<Part extends keyof StageFact>(to: StageFact, from: StageFact, part: Part): void {
  if (to[part] === undefined && from[part] !== undefined) to[part] = from[part];
}

/** A stage with what another span of the same request knows beyond it. Provider and model go together. */
function merged(stage: StageFact, twin: StageFact): StageFact {
  const { provider, model } = twin;
  const both = { ...stage, usage: { ...twin.usage, ...stage.usage } };
  for (const part of OF_REQUEST) takeOver(both, twin, part);
  if (stage.model === undefined && model !== undefined && provider !== undefined) both.provider = provider;
  if (stage.usage === undefined && twin.usage !== undefined) delete both.endUnknown;
  return both;
}
