import { Component } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { ListedCall } from '../../shared/api.ts';
import { showCountOf } from '../../shared/format.ts';
import { callAddress, withParameters } from '../../shared/query.ts';
import { useKeys } from '../app/keys.ts';
import { navigate, path, query } from '../app/location.ts';
import { isNarrow } from '../app/sizes.ts';
import { CallCard } from './call-card.tsx';
import {
  CALL_COLUMNS,
  type CallColumn,
  type RowContext,
  shownColumns,
  TENANT_COLUMN,
} from './call-columns.tsx';
import { useVirtual } from './virtual.ts';

const ROW_HEIGHT = 38;
const CARD_HEIGHT = 76;
/** Rows before the end at which more are asked for. */
const AHEAD = 60;

interface Props {
  calls: readonly ListedCall[];
  /** How many there are, those included that are not there yet. */
  total: number;
  target: number;
  order: string;
  selected: number;
  onSelect(index: number): void;
  onEnd(): void;
  isLoading: boolean;
}

const addressOf = ({ call }: ListedCall) => callAddress(call);

/** The calls as rows, of which only those in sight are drawn. */
export function CallTable({ calls, total, target, order, selected, onSelect, onEnd, isLoading }: Props) {
  const height = isNarrow.value ? CARD_HEIGHT : ROW_HEIGHT;
  const { ref, from, to } = useVirtual(calls.length, height);
  useEffect(() => {
    if (to > calls.length - AHEAD) onEnd();
  }, [to, calls.length]);
  // Ahead of what is drawn while a key is held.
  const place = useRef(selected);
  const select = (steps: number) => {
    const next = Math.max(0, Math.min(calls.length - 1, place.current + steps));
    place.current = next;
    onSelect(next);
    const row = (ref.current?.getBoundingClientRect().top ?? 0) + next * height;
    if (row < 120 || row + height > window.innerHeight) window.scrollBy(0, row - window.innerHeight / 2);
  };
  useKeys({
    j: () => select(1),
    k: () => select(-1),
    Enter: (event) => {
      if (event.target instanceof HTMLElement && event.target.matches('a, button, summary')) {
        event.target.click();
        return;
      }
      const call = calls[place.current];
      if (call) navigate(addressOf(call));
    },
  });
  const context = useMemo(() => ({ now: new Date(), target, top: topOf(calls, target) }), [calls, target]);
  const shown = shownColumns.value;
  const areSeveral = useMemo(() => calls.some(({ call }) => call.tenant !== calls[0]?.call.tenant), [calls]);
  const columns = useMemo(() => {
    const chosen = CALL_COLUMNS.filter(({ name }) => shown.has(name));
    return areSeveral ? [TENANT_COLUMN, ...chosen] : chosen;
  }, [shown, areSeveral]);
  const tracks = columns.map(({ width }) => width).join(' ');
  return (
    <section class={`card calls ${isLoading ? 'is-loading' : ''}`} aria-label={showCountOf(total, 'call')}>
      <div role="table" aria-rowcount={total + 1} aria-label="Calls">
        {!isNarrow.value && (
          <div role="row" class="calls-head" style={{ gridTemplateColumns: tracks }} aria-rowindex={1}>
            {columns.map((column) => (
              <Head key={column.name} column={column} order={order} />
            ))}
          </div>
        )}
        <div ref={ref} role="rowgroup" class="rows" style={{ height: `${calls.length * height}px` }}>
          {calls.slice(from, to).map((listed, i) => {
            const index = from + i;
            const className = `call-row ${index === selected ? 'is-selected' : ''} ${listed.live ? 'is-live' : ''}`;
            const style = { top: `${index * height}px`, height: `${height}px` };
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the row's link is reached by the keyboard, and by j, k and Enter
              <div
                key={addressOf(listed)}
                role="row"
                tabIndex={-1}
                aria-rowindex={index + 2}
                class={className}
                style={isNarrow.value ? style : { ...style, gridTemplateColumns: tracks }}
                onClick={(event) => open(event, listed)}
              >
                <Cells listed={listed} context={context} columns={isNarrow.value ? undefined : columns} />
              </div>
            );
          })}
        </div>
      </div>
    </section>
  );
}

function open(event: MouseEvent, listed: ListedCall): void {
  if (event.target instanceof Element && event.target.closest('a, button')) return;
  if ((window.getSelection()?.toString() ?? '') !== '') return;
  if (event.metaKey || event.ctrlKey) window.open(addressOf(listed));
  else navigate(addressOf(listed));
}

function Head({ column: { title, end, order }, order: chosen }: { column: CallColumn; order: string }) {
  return (
    <div
      role="columnheader"
      class={end ? 'end' : ''}
      aria-sort={order === undefined ? undefined : order === chosen ? 'descending' : 'none'}
    >
      {order === undefined ? (
        title
      ) : (
        <a href={withParameters(path.value, query.value, { order: order === 'started' ? undefined : order })}>
          {title}
          {order === chosen && <span aria-hidden="true"> ↓</span>}
        </a>
      )}
    </div>
  );
}

interface CellsProps {
  listed: ListedCall;
  context: RowContext;
  /** Undefined: there is no room for columns. */
  columns: readonly CallColumn[] | undefined;
}

/** What is in a row: drawn again when its call has changed, and not for each step of scrolling. */
class Cells extends Component<CellsProps> {
  override shouldComponentUpdate(next: CellsProps): boolean {
    const { listed, context, columns } = this.props;
    return listed !== next.listed || context !== next.context || columns !== next.columns;
  }

  render({ listed, context, columns }: CellsProps) {
    if (columns === undefined) return <CallCard listed={listed} context={context} />;
    return columns.map(({ name, end, cell }) => (
      <div key={name} role="cell" class={end ? 'end' : ''}>
        {cell(listed, context)}
      </div>
    ));
  }
}

/** One scale for all calls in the list: nearly all of their silences fit, and the target is never lost at the bottom. */
function topOf(calls: readonly ListedCall[], target: number): number {
  const silences = calls
    .flatMap(({ turns }) => turns.flatMap(({ eou_latency }) => eou_latency ?? []))
    .sort((a, b) => a - b);
  return Math.max(target * 1.5, Math.min(target * 4, silences[Math.floor(silences.length * 0.98)] ?? 0));
}
