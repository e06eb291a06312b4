import type { GroupedTurn } from '../../exporter/calls/grouped.ts';
import { ownerName } from '../../model/owners.ts';
import type { CallLogRow } from '../../model/rows.ts';
import { SEGMENTS } from '../../model/vocabulary.ts';
import { apportion } from '../../ui/shared/apportion.ts';
import { longGap } from '../../ui/shared/insight.ts';
import { type Bar, barsOf, drawnIn, type Span, windowOf } from '../../ui/shared/waterfall.ts';
import { markedSilence } from './marks.ts';
import { type Colour, field, type Paint, showMoney, showSeconds, UNKNOWN } from './text.ts';

const LABEL_WIDTH = 27;
const FIGURE_WIDTH = 22;
/** Where the screen is narrow, in characters. */
const NARROW = 90;
const NARROW_LABEL_WIDTH = 14;
const COLOURS: Record<Bar['kind'], Colour> = {
  speech: 'dim',
  stt: 'blue',
  llm: 'magenta',
  tts: 'cyan',
  tool: 'yellow',
  playback: 'green',
};

/**
 * One turn as a waterfall: who spoke, what each stage did, and where the silence went. In a bar `░` is the wait for the
 * first byte and `█` what came after it; `◂` and `▸` mean that it goes on outside of the picture.
 *
 * @param turn - what is known of its stages; undefined: nothing, the spans have expired
 */
export function waterfall(
  row: CallLogRow,
  turn: GroupedTurn | undefined,
  width: number,
  paint: Paint,
): string {
  const bars = turn ? barsOf(turn) : [];
  const lines = [headline(row, width, paint), ...said(row, paint)];
  const window = windowOf(bars, row.eou_latency, 1e6);
  const labelWidth = width < NARROW ? NARROW_LABEL_WIDTH : LABEL_WIDTH;
  if (window) {
    const columns = Math.max(16, Math.min(width, 120) - labelWidth - FIGURE_WIDTH - 2);
    for (const bar of bars) {
      const drawn = draw(bar, window, columns);
      if (drawn) lines.push(`  ${labelOf(bar, labelWidth)}${paint(colourOf(bar), drawn)}  ${figureOf(bar)}`);
    }
  }
  lines.push(...segmentLines(row, width, paint));
  return lines.join('\n');
}

function headline(row: CallLogRow, width: number, paint: Paint): string {
  const parts = [
    paint('bold', `Turn ${row.turn_index}`),
    row.initiator === 'agent'
      ? 'the agent opens'
      : `silence ${paint('bold', markedSilence(row.eou_latency, estimatesOf(row)))}`,
    ...gap(row),
    ...(row.interruption_kind ? [paint('yellow', row.interruption_kind.replaceAll('_', ' '))] : []),
    ...(row.error_type ? [paint('red', row.error_type)] : []),
    (row.usage_estimated ? '~' : '') + showMoney(row.cost_total),
  ];
  const trace = paint('dim', `trace ${row.trace_id}`);
  return width < NARROW ? `${parts.join('  ')}\n  ${trace}` : [...parts, trace].join('  ');
}

function gap(row: CallLogRow): string[] {
  const long = longGap(row);
  if (long === undefined) return [];
  return [`then a gap of ${showSeconds(long.seconds)}${long.owner ? `, ${ownerName(long.owner)}` : ''}`];
}

const estimatesOf = (row: CallLogRow) => ({
  silence: row.playback_source === 'estimated',
  cost: row.usage_estimated === true,
});

function said(row: CallLogRow, paint: Paint): string[] {
  return [
    ...(row.user_text ? [paint('dim', `  user:  ${row.user_text}`)] : []),
    ...(row.agent_text ? [paint('dim', `  agent: ${row.agent_text}`)] : []),
  ];
}

function labelOf({ kind, tool, model }: Bar, width: number): string {
  const what = tool ?? model;
  const label = kind === 'speech' ? 'user speaks' : what ? `${kind} ${what}` : kind;
  return label.slice(0, width - 1).padEnd(width);
}

const colourOf = ({ kind, error_type }: Bar): Colour => (error_type ? 'red' : COLOURS[kind]);

function figureOf({ kind, start, first, end, error_type, cancelled }: Bar): string {
  if (error_type) return error_type;
  const waited = first !== undefined && kind !== 'playback';
  const figure = waited
    ? `first byte ${showSeconds((first - start) / 1e6)}`
    : showSeconds((end - start) / 1e6);
  return cancelled ? `${figure}, cut off` : figure;
}

function draw(bar: Bar, window: Span, columns: number): string | undefined {
  const drawn = drawnIn(bar, window);
  if (!drawn) return undefined;
  const column = (share: number) => Math.round(share * columns);
  const from = Math.min(column(drawn.from), columns - 1);
  const to = Math.max(from + 1, column(drawn.to));
  const first = Math.max(from, Math.min(to, column(drawn.first)));
  const body =
    bar.kind === 'speech' ? '▒'.repeat(to - from) : '░'.repeat(first - from) + '█'.repeat(to - first);
  const cells = [...' '.repeat(from), ...body, ...' '.repeat(columns - to)];
  if (drawn.before) cells[0] = '◂';
  if (drawn.after) cells[columns - 1] = '▸';
  return cells.join('');
}

/** The silence and its parts, which add up to it as it is shown. */
function segmentLines(row: CallLogRow, width: number, paint: Paint): string[] {
  if (row.eou_latency === null) return [];
  const known = SEGMENTS.filter((segment) => row[`segment_${segment}`] !== null);
  const silence = showSeconds(row.eou_latency);
  const [perSecond, unit] = silence.endsWith('ms') ? [1_000, 'ms'] : [10, 's'];
  const shares = apportion(
    known.map((segment) => row[`segment_${segment}`] ?? 0),
    row.eou_latency * perSecond,
  );
  const parts = known.map((segment, i) => {
    const share = shares[i] ?? 0;
    return `${segment} ${unit === 's' ? (share / perSecond).toFixed(1) : share}`;
  });
  const source = [
    row.eou_source ?? UNKNOWN,
    ...(row.playback_source === 'estimated' ? ['playback estimated'] : []),
  ];
  const end = `(end of utterance: ${source.join(', ')})`;
  if (width >= NARROW)
    return [paint('dim', `  ${silence} of silence = ${parts.join(' + ')} ${unit}   ${end}`)];
  const lines = field(
    `  ${silence} = `,
    parts.map((part, i) => (i === 0 ? part : `+ ${part}`)),
    width,
    4,
  );
  return [...lines.split('\n'), `    ${end}`].map((line) => paint('dim', line));
}
