import { SEGMENTS, type Segment } from '../../model/vocabulary.ts';
import type { ModelName } from './cast.ts';
import type { SimulatedTurn } from './conversation.ts';

/** How long a caller really waited, and for what, in seconds. */
export interface TrueSilence {
  readonly seconds: number;
  readonly parts: Readonly<Record<Segment, number>>;
  /** Whose words were waited for, and whose voice. */
  readonly llm: ModelName | undefined;
  readonly tts: ModelName | undefined;
}

/**
 * The wait of a turn in which the user was answered, by what really took it: the agent made its stages one after the other,
 * so that what was heard was spoken by the one before it, and written by the last request before that.
 */
export function silenceOf({ stretches, commits, stages, heardAt }: SimulatedTurn): TrueSilence | undefined {
  const [said, committedAt] = [stretches.at(-1), commits.at(-1)];
  if (said === undefined || committedAt === undefined || heardAt === undefined) return undefined;
  const before = stages.slice(
    0,
    stages.findIndex(({ kind, startedAt }) => kind === 'playback' && startedAt === heardAt),
  );
  const voice = before.at(-1);
  const answer = before.findLast(({ kind, errorType }) => kind === 'llm' && errorType === undefined);
  if (voice?.firstByteAt === undefined || answer?.firstByteAt === undefined) return undefined;
  const tools = before
    .filter(({ kind, startedAt }) => kind === 'tool' && startedAt >= committedAt)
    .reduce((sum, { startedAt, endedAt }) => sum + endedAt - startedAt, 0);
  return {
    seconds: heardAt - said.endedAt,
    parts: {
      endpointing: committedAt - said.endedAt,
      preparation: answer.startedAt - committedAt - tools,
      tools,
      llm: answer.firstByteAt - answer.startedAt,
      aggregation: voice.startedAt - answer.firstByteAt,
      tts: voice.firstByteAt - voice.startedAt,
      playout: heardAt - voice.firstByteAt,
    },
    llm: answer.by,
    tts: voice.by,
  };
}

/** Who really had so much of the silence. */
export interface TrueOwner {
  /** As people read it: `endpointing setting`, `llm groq llama-3.1-8b-instant`. */
  readonly name: string;
  readonly seconds: number;
  /** 0 to 1. */
  readonly share: number;
}

/** Whose the silence really is in the turns that have more of it than a target, the greatest part first. */
export function trueOwners(turns: Iterable<SimulatedTurn>, targetSeconds: number): TrueOwner[] {
  const found = new Map<string, number>();
  for (const turn of turns) {
    const silence = silenceOf(turn);
    if (silence === undefined || silence.seconds <= targetSeconds) continue;
    for (const segment of SEGMENTS) {
      const name = ownerIn(segment, silence);
      found.set(name, (found.get(name) ?? 0) + silence.parts[segment]);
    }
  }
  const total = [...found.values()].reduce((sum, seconds) => sum + seconds, 0);
  return [...found]
    .filter(([, seconds]) => seconds > 0)
    .map(([name, seconds]) => ({ name, seconds, share: seconds / total }))
    .sort((a, b) => b.seconds - a.seconds);
}

function ownerIn(segment: Segment, { llm, tts }: TrueSilence): string {
  const model = (stage: string, by: ModelName | undefined) => [stage, by?.provider, by?.model].join(' ');
  return {
    endpointing: 'endpointing setting',
    preparation: 'application (preparation)',
    tools: 'application (tools)',
    llm: model('llm', llm),
    aggregation: 'sentence aggregation setting',
    tts: model('tts', tts),
    playout: 'transport (playout)',
  }[segment];
}
