import { diag } from '@opentelemetry/api';
import { SETTINGS } from '../../model/settings.ts';
import { Episode } from '../kit/episode.ts';
import type { PipelineMetrics } from '../metrics/pipeline-metrics.ts';
import { beginOf, type Day, type Expired } from '../store/index.ts';

/** So many wait at times where the retention is short: a day is exported as a whole only after its end. */
const USUAL = 3;
/** Days that a line names. */
const NAMED = 10;

const dateOf = (day: Day): string => beginOf(day).slice(0, 10);
const several = (days: readonly Day[]): string =>
  days.length <= NAMED
    ? days.map(dateOf).join(', ')
    : `${days.slice(0, NAMED).map(dateOf).join(', ')} and ${days.length - NAMED} more`;

/** Says what became of days of the journal that are not exported, in metrics and, once an episode, in a line. */
export function retentionReport(metrics: PipelineMetrics): (expired: Expired) => void {
  const waits = new Episode();
  return (expired) => {
    metrics.expired(expired);
    const { waiting, unexported } = expired;
    if (unexported.length > 0)
      diag.error(
        `earshot: days of the journal were removed that no \`earshot export --journal\` has written: ${several(unexported)}. They had waited for ${SETTINGS.exportWait.key}.`,
      );
    if (waiting.length <= USUAL) waits.end();
    else
      waits.begin(() =>
        diag.warn(
          `earshot: ${waiting.length} days of the journal have expired and wait for \`earshot export --journal\`, from ${several(waiting.slice(0, 1))} on. After ${SETTINGS.exportWait.key} they go without it.`,
        ),
      );
  };
}
