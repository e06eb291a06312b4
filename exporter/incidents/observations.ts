import type { ModelOfTurn, WatchedOwner, WatchedTurn } from '../../model/incidents.ts';
import { ownerOf } from '../../model/owners.ts';
import { SEGMENTS } from '../../model/vocabulary.ts';

/** How long one owner took in one turn. */
export interface Observation {
  readonly turn: WatchedTurn;
  readonly seconds: number;
}

/** All that is known of one owner, in order of time. */
export interface OwnObservations {
  readonly owner: WatchedOwner;
  readonly observations: readonly Observation[];
}

/** What one owner is told apart from others by, as text. */
export const ownerKey = ({ tenant, part, kind, name, region, agent }: WatchedOwner): string =>
  JSON.stringify([tenant, part, kind, name, region ?? null, agent ?? null]);

/**
 * The turns by owner: a model by provider, model and region, whatever agent uses it; all else by agent and region, as each
 * agent has settings and code of its own.
 *
 * @param turns - in order of time
 */
export function observationsOf(turns: Iterable<WatchedTurn>): Map<string, OwnObservations> {
  const found = new Map<string, { owner: WatchedOwner; observations: Observation[] }>();
  for (const turn of turns) {
    for (const { key, owner, observation } of ofTurn(turn)) {
      const own = found.get(key);
      if (own === undefined) found.set(key, { owner, observations: [observation] });
      else own.observations.push(observation);
    }
  }
  return found;
}

interface KeyedObservation {
  readonly key: string;
  readonly owner: WatchedOwner;
  readonly observation: Observation;
}

/** The same turn is looked at many times. */
const known = new WeakMap<WatchedTurn, readonly KeyedObservation[]>();

function ofTurn(turn: WatchedTurn): readonly KeyedObservation[] {
  const all = known.get(turn) ?? ownersOf(turn);
  known.set(turn, all);
  return all;
}

function ownersOf(turn: WatchedTurn): KeyedObservation[] {
  const { transcription, models, segments } = turn;
  const all: KeyedObservation[] = [];
  const add = (owner: WatchedOwner, seconds: number) =>
    all.push({ key: ownerKey(owner), owner, observation: { turn, seconds } });
  if (transcription !== null && isKnown(models.stt)) add(modelOwner(turn, 'stt', models.stt), transcription);
  for (const [index, part] of SEGMENTS.entries()) {
    const seconds = segments[index] ?? null;
    if (seconds === null) continue;
    if (part === 'llm' || part === 'tts') {
      if (isKnown(models[part])) add(modelOwner(turn, part, models[part]), seconds);
      continue;
    }
    const { kind, name } = ownerOf(part, NO_MODELS);
    add({ tenant: turn.tenant, part, kind, name, ...regionOf(turn), ...agentOf(turn) }, seconds);
  }
  return all;
}

const NO_MODELS = { llm_provider: null, llm_model: null, tts_provider: null, tts_model: null };

const isKnown = ({ provider, model }: ModelOfTurn): boolean => provider !== null || model !== null;

const modelOwner = (
  turn: WatchedTurn,
  part: 'stt' | 'llm' | 'tts',
  { provider, model }: ModelOfTurn,
): WatchedOwner => ({
  tenant: turn.tenant,
  part,
  kind: 'model',
  name: [part, provider, model].filter(Boolean).join(' '),
  ...(provider !== null && { provider }),
  ...(model !== null && { model }),
  ...regionOf(turn),
});

const regionOf = ({ region }: WatchedTurn) => (region === null ? {} : { region });
const agentOf = ({ agent }: WatchedTurn) => (agent === null ? {} : { agent });
