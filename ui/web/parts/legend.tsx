import { SEGMENTS } from '../../../model/vocabulary.ts';
import { SEGMENT_WORDS } from '../../shared/insight.ts';

/** What the colours of a silence mean. */
export function SegmentLegend() {
  return (
    <ul class="legend" aria-label="Colours">
      {SEGMENTS.map((segment) => (
        <li key={segment} title={SEGMENT_WORDS[segment]}>
          <i class={`swatch bg-${segment}`} />
          {segment}
        </li>
      ))}
    </ul>
  );
}
