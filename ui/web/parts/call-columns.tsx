import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { CallSort, ListedCall } from '../../shared/api.ts';
import {
  showDuration,
  showInstant,
  showMoment,
  showMoney,
  showScore,
  showSeconds,
  showShare,
  showWord,
} from '../../shared/format.ts';
import { callAddress } from '../../shared/query.ts';
import { Outcome } from './badges.tsx';
import { CostBar } from './cost-bar.tsx';
import { TurnColumns } from './turn-columns.tsx';

/** What a row's cells are drawn with. */
export interface RowContext {
  now: Date;
  target: number;
  /** Seconds at the top of the columns of silence. */
  top: number;
}

export interface CallColumn {
  name: string;
  title: string;
  /** A track of the grid. */
  width: string;
  end?: boolean;
  order?: CallSort;
  /** Not shown unless chosen. */
  isExtra?: boolean;
  cell(listed: ListedCall, context: RowContext): ComponentChildren;
}

const words = (value: string | null) => value ?? <span class="dim">–</span>;

/** Shown where calls of several tenants are. */
export const TENANT_COLUMN: CallColumn = {
  name: 'tenant',
  title: 'Tenant',
  width: 'minmax(56px, 0.7fr)',
  cell: ({ call }) => (
    <span class="cut" title={call.tenant}>
      {call.tenant}
    </span>
  ),
};

export const CALL_COLUMNS: readonly CallColumn[] = [
  {
    name: 'started',
    title: 'Started',
    width: 'minmax(88px, 118px)',
    order: 'started',
    cell: ({ call, live }, { now }) =>
      live ? (
        <span class="live">
          <i class="dot" /> live
        </span>
      ) : (
        <time class="dim" dateTime={call.started_at} title={showMoment(call.started_at)}>
          {showInstant(call.started_at, now)}
        </time>
      ),
  },
  {
    name: 'agent',
    title: 'Agent',
    width: 'minmax(80px, 1fr)',
    cell: ({ call }) => <span class="cut">{words(call.agent_name ?? call.service_name)}</span>,
  },
  {
    name: 'call',
    title: 'Call',
    width: 'minmax(90px, 1.2fr)',
    cell: ({ call }) => (
      <a class="mono cut" href={callAddress(call)} title={call.call_id}>
        {call.call_id}
      </a>
    ),
  },
  {
    name: 'campaign',
    title: 'Campaign',
    width: 'minmax(80px, 1fr)',
    isExtra: true,
    cell: ({ call }) => <span class="cut">{words(call.campaign_id)}</span>,
  },
  {
    name: 'direction',
    title: 'Direction',
    width: '80px',
    isExtra: true,
    cell: ({ call }) => words(call.direction),
  },
  {
    name: 'ended',
    title: 'Ended by',
    width: '110px',
    isExtra: true,
    cell: ({ call }) => <span class="cut">{call.end_reason ? showWord(call.end_reason) : words(null)}</span>,
  },
  {
    name: 'outcome',
    title: 'Outcome',
    width: '92px',
    cell: ({ call, live }) => (live ? null : <Outcome outcome={call.outcome} />),
  },
  {
    name: 'turns',
    title: 'Turns',
    width: '52px',
    end: true,
    order: 'turns',
    cell: ({ call }) => call.turn_count,
  },
  {
    name: 'length',
    title: 'Length',
    width: '62px',
    end: true,
    order: 'length',
    cell: ({ call }) => showDuration(call.duration_seconds),
  },
  {
    name: 'silence',
    title: 'Silence by turn',
    width: '150px',
    cell: ({ turns }, { top, target }) => (
      <TurnColumns turns={turns} top={top} target={target} width={142} height={26} />
    ),
  },
  {
    name: 'p95',
    title: 'p95',
    width: '68px',
    end: true,
    order: 'silence',
    cell: ({ call: { eou_latency_p95: p95 } }, { target }) => (
      <span class={p95 !== null && p95 > target ? 'over' : ''}>{showSeconds(p95)}</span>
    ),
  },
  {
    name: 'p50',
    title: 'p50',
    width: '68px',
    end: true,
    isExtra: true,
    cell: ({ call }) => showSeconds(call.eou_latency_p50),
  },
  {
    name: 'interruptions',
    title: 'Int.',
    width: '46px',
    end: true,
    order: 'interruptions',
    cell: ({ call }) => call.interruption_count ?? words(null),
  },
  {
    name: 'unanswered',
    title: 'Unansw.',
    width: '62px',
    end: true,
    isExtra: true,
    cell: ({ call }) => call.unanswered_count ?? words(null),
  },
  {
    name: 'sentiment',
    title: 'Sentiment',
    width: '76px',
    isExtra: true,
    cell: ({ call }) => words(call.sentiment_label),
  },
  {
    name: 'rate',
    title: 'Int. rate',
    width: '62px',
    end: true,
    isExtra: true,
    cell: ({ call }) => showShare(call.interruption_rate),
  },
  {
    name: 'scores',
    title: 'Scores',
    width: 'minmax(80px, 1fr)',
    isExtra: true,
    cell: ({ scores = [] }) => {
      const text = scores.map((score) => `${score.name} ${showScore(score)}`).join(', ');
      return (
        <span class="cut" title={text}>
          {words(text || null)}
        </span>
      );
    },
  },
  { name: 'parts', title: 'Cost', width: '84px', cell: ({ call }) => <CostBar call={call} width={76} /> },
  {
    name: 'cost',
    title: '$',
    width: '76px',
    end: true,
    order: 'cost',
    cell: ({ call }) => (
      <>
        {showMoney(call.cost_total)}
        {call.cost_total !== null && call.unpriced.length > 0 && (
          <b class="over" title={`No price, or no usage, is known for ${call.unpriced.join(', ')}`}>
            +
          </b>
        )}
      </>
    ),
  },
];

const KEY = 'earshot.columns';

function storedColumns(): ReadonlySet<string> {
  const stored = localStorage.getItem(KEY);
  return new Set(
    stored?.split(',') ?? CALL_COLUMNS.filter(({ isExtra }) => !isExtra).map(({ name }) => name),
  );
}

/** The columns that are shown. */
export const shownColumns = signal(storedColumns());

export function toggleColumn(name: string): void {
  const shown = new Set(shownColumns.value);
  if (!shown.delete(name)) shown.add(name);
  shown.add('call');
  shownColumns.value = shown;
  localStorage.setItem(KEY, [...shown].join(','));
}
