import type { StageFact } from '../../model/facts.ts';
import { GAP_PARTS, type GapPart } from '../../model/vocabulary.ts';
import { Coverage, type Interval, lengthOf } from './coverage.ts';
import { stagesOf } from './spoken.ts';

/**
 * What most of a silence inside an answer went by with: tools, else a request until its first byte, else a synthesis until
 * its own, else what no stage shows (`preparation`). Each microsecond is of the first of these.
 */
export function gapPart(gap: Interval, stages: readonly StageFact[]): GapPart {
  const waits = (kind: 'llm' | 'tts') =>
    stagesOf(stages, kind).map(({ startUs, endUs, firstByteUs }) => ({
      startUs,
      endUs: firstByteUs ?? endUs,
    }));
  const tools = new Coverage(stagesOf(stages, 'tool'));
  const requests = tools.with(new Coverage(waits('llm')));
  const syntheses = requests.with(new Coverage(waits('tts')));
  const upTo = [tools, requests, syntheses].map((coverage) => coverage.within(gap));
  const lengths = [...upTo, lengthOf(gap)].map((us, index) => us - (upTo[index - 1] ?? 0));
  return GAP_PARTS[lengths.indexOf(Math.max(...lengths))] ?? 'preparation';
}
