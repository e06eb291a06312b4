import { silenceByOwner } from '../../model/owners.ts';
import type { CallLogRow } from '../../model/rows.ts';
import { SEGMENTS } from '../../model/vocabulary.ts';

const CONTENT = ['user_text', 'agent_text'] as const satisfies readonly (keyof CallLogRow)[];
/** They are in `segments`. */
const SEGMENT_COLUMNS = SEGMENTS.map((segment) => `segment_${segment}`);
/** Of the call, which is named once. */
const OF_THE_CALL = ['tenant', 'call_id'];

/** A turn with its silence cut into what it was made of, and whose it is. Texts only where they may be shown. */
export function explainedTurn(row: CallLogRow, content: boolean, within: 'call' | 'list'): object {
  const left = [...SEGMENT_COLUMNS, ...(content ? [] : CONTENT), ...(within === 'call' ? OF_THE_CALL : [])];
  const columns = Object.fromEntries(Object.entries(row).filter(([name]) => !left.includes(name)));
  return {
    ...columns,
    segments: Object.fromEntries(SEGMENTS.map((segment) => [segment, row[`segment_${segment}`]])),
    owners: silenceByOwner([row]).map(({ kind, name, seconds, share }) => ({
      kind,
      name,
      seconds,
      share: Math.round(share * 1_000) / 1_000,
    })),
  };
}
