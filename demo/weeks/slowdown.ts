import type { Micros } from '../../model/facts.ts';
import type { Version } from './cast.ts';

/** A provider that is slower than usual for a while. */
export interface Slowdown {
  readonly stage: 'stt' | 'llm' | 'tts';
  readonly provider: string;
  /** Of calls that begin from then on and before then. */
  readonly fromUs: Micros;
  readonly untilUs: Micros;
  /** The final transcript, the first token or the first audio comes so much later, in seconds. */
  readonly seconds: number;
}

/** A version of an agent as it is for a call that begins at an instant. */
export function slowed(version: Version, startUs: Micros, slowdowns: readonly Slowdown[]): Version {
  return slowdowns
    .filter(({ fromUs, untilUs }) => startUs >= fromUs && startUs < untilUs)
    .reduce(slowedBy, version);
}

function slowedBy(version: Version, { stage, provider, seconds }: Slowdown): Version {
  const { stt, llm, tts } = version;
  const by = (delay: Version['stt']['finalTranscript']) => ({
    ...delay,
    moreSeconds: (delay.moreSeconds ?? 0) + seconds,
  });
  if (version[stage].provider !== provider) return version;
  switch (stage) {
    case 'stt':
      return { ...version, stt: { ...stt, finalTranscript: by(stt.finalTranscript) } };
    case 'llm':
      return { ...version, llm: { ...llm, firstToken: by(llm.firstToken) } };
    case 'tts':
      return { ...version, tts: { ...tts, firstAudio: by(tts.firstAudio) } };
    default:
      return stage satisfies never;
  }
}

const MINUTE_US = 60_000_000;
const DAY_US = 86_400_000_000;

/**
 * The one that `earshot demo --fast --slowdown` has: speech of Cartesia is 140 ms late for two hours of the last day, when most
 * calls are made.
 */
export function usualSlowdown(untilUs: Micros): Slowdown {
  const fromUs = Math.floor((untilUs - DAY_US / 2 - 80 * MINUTE_US) / MINUTE_US) * MINUTE_US;
  return { stage: 'tts', provider: 'cartesia', fromUs, untilUs: fromUs + 120 * MINUTE_US, seconds: 0.14 };
}
