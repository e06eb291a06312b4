import { groupCall } from '../../exporter/calls/group.ts';
import type { Fact, Micros, StageFact, TurnFact } from '../../model/facts.ts';
import type { CallLogRow } from '../../model/rows.ts';
import { SEGMENTS } from '../../model/vocabulary.ts';
import { markedSilence } from './marks.ts';
import { apportion, type Colour, field, type Paint, showMoney, showSeconds, UNKNOWN } from './text.ts';

/** What is shown before and after the silence: the rest of a long turn would make the silence a single column. */
const MARGIN_US = 1_000_000;
const LABEL_WIDTH = 27;
const FIGURE_WIDTH = 22;
/** Where the screen is narrow, in characters. */
const NARROW = 90;
const NARROW_LABEL_WIDTH = 14;
const COLOURS: Record<StageFact['stage'], Colour> = {
  stt: 'blue',
  llm: 'magenta',
  tts: 'cyan',
  tool: 'yellow',
  playback: 'green',
};

interface Bar {
  label: string;
  colour: Colour;
  startUs: Micros;
  firstByteUs?: Micros | undefined;
  endUs: Micros;
  figure: string;
}

/**
 * One turn as a waterfall: who spoke, what each stage did, and where the silence went. In a bar `░` is the wait for the
 * first byte and `█` what came after it; `◂` and `▸` mean that it goes on outside of the picture.
 */
export function waterfall(row: CallLogRow, facts: readonly Fact[], width: number, paint: Paint): string {
  // Not every framework numbers its turns: which stages are of this one is found as it was for the row.
  const turns = facts.length > 0 ? groupCall(facts).turns : [];
  const turn = turns.find(({ turnIndex }) => turnIndex === row.turn_index);
  const bars = [...speechBar(turn?.fact), ...(turn?.stages ?? []).map(stageBar)];
  const lines = [headline(row, width, paint), ...said(row, paint)];
  const window = windowOf(row, bars);
  const labelWidth = width < NARROW ? NARROW_LABEL_WIDTH : LABEL_WIDTH;
  if (window) {
    const columns = Math.max(16, Math.min(width, 120) - labelWidth - FIGURE_WIDTH - 2);
    for (const bar of bars) {
      const drawn = draw(bar, window, columns);
      const label = bar.label.slice(0, labelWidth - 1).padEnd(labelWidth);
      if (drawn) lines.push(`  ${label}${paint(bar.colour, drawn)}  ${bar.figure}`);
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
    ...(row.interruption_kind ? [paint('yellow', row.interruption_kind.replaceAll('_', ' '))] : []),
    ...(row.error_type ? [paint('red', row.error_type)] : []),
    (row.usage_estimated ? '~' : '') + showMoney(row.cost_total),
  ];
  const trace = paint('dim', `trace ${row.trace_id}`);
  return width < NARROW ? `${parts.join('  ')}\n  ${trace}` : [...parts, trace].join('  ');
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

function speechBar(turn: TurnFact | undefined): Bar[] {
  if (turn?.speechStartedUs === undefined) return [];
  const endUs = turn.speechEndedUs ?? turn.committedUs ?? turn.speechStartedUs;
  return [
    {
      label: 'user speaks',
      colour: 'dim',
      startUs: turn.speechStartedUs,
      endUs,
      figure: showSeconds((endUs - turn.speechStartedUs) / 1e6),
    },
  ];
}

function stageBar(stage: StageFact): Bar {
  const what = stage.toolName ?? stage.model;
  const first = stage.firstByteUs === undefined ? undefined : (stage.firstByteUs - stage.startUs) / 1e6;
  const total = showSeconds((stage.endUs - stage.startUs) / 1e6);
  const figure = first === undefined ? total : `first byte ${showSeconds(first)}`;
  return {
    label: what ? `${stage.stage} ${what}` : stage.stage,
    colour: stage.errorType ? 'red' : COLOURS[stage.stage],
    startUs: stage.startUs,
    firstByteUs: stage.stage === 'playback' ? stage.startUs : stage.firstByteUs,
    endUs: stage.endUs,
    figure: stage.errorType ?? (stage.cancelled ? `${figure}, cut off` : figure),
  };
}

function windowOf(row: CallLogRow, bars: readonly Bar[]): { startUs: Micros; endUs: Micros } | undefined {
  if (bars.length === 0) return undefined;
  const startUs = Math.min(...bars.map((bar) => bar.startUs));
  const endUs = Math.max(...bars.map((bar) => bar.endUs));
  const playback = bars.find((bar) => bar.label === 'playback');
  if (!playback || row.eou_latency === null) return { startUs, endUs: Math.max(endUs, startUs + 1) };
  const silenceUs = playback.startUs - Math.round(row.eou_latency * 1e6);
  return {
    startUs: Math.max(startUs, silenceUs - MARGIN_US),
    endUs: Math.min(endUs, playback.startUs + MARGIN_US),
  };
}

function draw(bar: Bar, window: { startUs: Micros; endUs: Micros }, columns: number): string | undefined {
  if (bar.endUs < window.startUs || bar.startUs > window.endUs) return undefined;
  const perColumn = (window.endUs - window.startUs) / columns;
  const column = (us: Micros) =>
    Math.max(0, Math.min(columns, Math.round((us - window.startUs) / perColumn)));
  const from = Math.min(column(bar.startUs), columns - 1);
  const to = Math.max(from + 1, column(bar.endUs));
  const first = bar.firstByteUs === undefined ? to : Math.max(from, Math.min(to, column(bar.firstByteUs)));
  const body =
    bar.label === 'user speaks' ? '▒'.repeat(to - from) : '░'.repeat(first - from) + '█'.repeat(to - first);
  const cells = [...' '.repeat(from), ...body, ...' '.repeat(columns - to)];
  if (bar.startUs < window.startUs) cells[0] = '◂';
  if (bar.endUs > window.endUs) cells[columns - 1] = '▸';
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
