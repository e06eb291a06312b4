import type { CallLogRow } from './rows.ts';
import { SEGMENTS, type Segment } from './vocabulary.ts';

/**
 * Who can make a part of the silence shorter: a setting of the agent, a provider's model, the application's own code, or the
 * transport.
 */
export interface Owner {
  /** The part of the silence that it has. */
  segment: Segment;
  kind: 'setting' | 'model' | 'application' | 'transport';
  /** The setting; of a model, the stage with provider and model as far as they are known; else the segment. */
  name: string;
}

/** An owner in words. */
export const ownerName = ({ kind, name }: Pick<Owner, 'kind' | 'name'>): string =>
  ({
    setting: `${name} setting`,
    model: name,
    application: `application (${name})`,
    transport: `transport (${name})`,
  })[kind];

/** An owner and its part of some silence. */
export interface OwnedSilence extends Owner {
  seconds: number;
  /** 0 to 1. */
  share: number;
}

/** What of a turn's row says whose silence it is. */
export type ModelNames = Pick<CallLogRow, 'llm_provider' | 'llm_model' | 'tts_provider' | 'tts_model'>;
export type SilentTurn = ModelNames & Readonly<Record<`segment_${Segment}`, number | null>>;

/** The owner of a segment of a turn. */
export function ownerOf(segment: Segment, row: ModelNames): Owner {
  const model = (stage: 'llm' | 'tts') =>
    [stage, row[`${stage}_provider`], row[`${stage}_model`]].filter(Boolean).join(' ');
  switch (segment) {
    case 'endpointing':
      return { segment, kind: 'setting', name: 'endpointing' };
    case 'aggregation':
      return { segment, kind: 'setting', name: 'sentence aggregation' };
    case 'llm':
    case 'tts':
      return { segment, kind: 'model', name: model(segment) };
    case 'preparation':
    case 'tools':
      return { segment, kind: 'application', name: segment };
    case 'playout':
      return { segment, kind: 'transport', name: segment };
    default:
      return segment satisfies never;
  }
}

/**
 * The silence of turns by owner, the greatest part first. It adds up to what the segments do, to the microsecond; owners
 * without any are left out.
 *
 * @param turns - rows of turns, or of turns with the same models their sums
 */
export function silenceByOwner(turns: Iterable<SilentTurn>): OwnedSilence[] {
  const parts: OwnedPart[] = [];
  for (const turn of turns) {
    for (const segment of SEGMENTS)
      parts.push({ ...ownerOf(segment, turn), us: Math.round((turn[`segment_${segment}`] ?? 0) * 1e6) });
  }
  return ownedSilence(parts);
}

/** Some silence, in whole microseconds, and whose it is. */
export interface OwnedPart extends Owner {
  us: number;
}

/** The same of parts whose owners are known. */
export function ownedSilence(parts: Iterable<OwnedPart>): OwnedSilence[] {
  const found = new Map<string, OwnedPart>();
  let totalUs = 0;
  for (const part of parts) {
    if (part.us === 0) continue;
    const key = `${part.kind} ${part.name}`;
    const own = found.get(key);
    if (own === undefined) found.set(key, { ...part });
    else own.us += part.us;
    totalUs += part.us;
  }
  return [...found.values()]
    .sort((a, b) => b.us - a.us || (a.name < b.name ? -1 : 1))
    .map(({ us, ...owner }) => ({ ...owner, seconds: us / 1e6, share: us / totalUs }));
}
