import type { Tags } from '../../model/tags.ts';
import { WHOLE_TURN } from '../../model/vocabulary.ts';
import { showCountOf } from './format.ts';

/** What says something of a call beside its spans. */
const TELLERS: Readonly<Record<string, string>> = {
  report: 'the session’s report',
  platform: 'the platform',
  carrier: 'the carrier',
};

/** Where figures come from that no span gives: a few words for each teller, and in `title` which ones they are. */
export function knownFrom(sources: Tags | null): { text: string; title: string }[] {
  const columns = Object.entries(sources ?? {});
  return [...new Set(Object.values(sources ?? {}))].map((teller) => {
    const names = columns.filter(([, each]) => each === teller).map(([column]) => column);
    const from = `from ${TELLERS[teller] ?? teller}`;
    return names.includes(WHOLE_TURN)
      ? { text: from, title: 'No span of this turn came' }
      : { text: `${showCountOf(names.length, 'figure')} ${from}`, title: names.join(', ') };
  });
}
