import type { Bar, TurnDetail } from '../../shared/api.ts';
import { showSeconds } from '../../shared/format.ts';
import { ticksOf } from '../../shared/timeline.ts';
import { type Drawn, drawnIn, type Span, windowOf } from '../../shared/waterfall.ts';
import { useWidth } from '../app/sizes.ts';
import { usageText } from './usage-text.ts';

const ROW = 24;
const AXIS = 20;
const EDGE = 24;

/** What every stage of a turn did around its silence, which is the band behind the bars: pale until the first byte. */
export function TurnWaterfall({ turn }: { turn: TurnDetail }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const { bars, silence, row } = turn;
  const window = windowOf(bars, row.eou_latency);
  const drawn = window === undefined ? [] : bars.flatMap((bar) => drawnBar(bar, window));
  if (window === undefined || drawn.length === 0) return null;
  const zero = silence?.start ?? window.start;
  return (
    <div class="waterfall" role="group" aria-label="Stages">
      <div class="waterfall-names">
        {drawn.map(({ bar }, i) => (
          <div key={i} class="cut" title={nameOf(bar)}>
            <b>{bar.kind === 'speech' ? 'caller' : bar.kind}</b> {bar.tool ?? bar.model ?? ''}
          </div>
        ))}
      </div>
      <div ref={ref} class="waterfall-bars">
        {width > 0 && (
          <svg width={width} height={drawn.length * ROW + AXIS} aria-hidden="true">
            <Back window={window} zero={zero} silence={silence} width={width} height={drawn.length * ROW} />
            {drawn.map(({ bar, shares }, i) => (
              <BarShape key={i} bar={bar} shares={shares} width={width} y={i * ROW + 5} />
            ))}
          </svg>
        )}
      </div>
      <div class="waterfall-figures">
        {drawn.map(({ bar }, i) => (
          <div key={i} class="cut" title={figureOf(bar)}>
            {figureOf(bar)} <span class="dim">{usageText(bar.usage ?? {})}</span>
          </div>
        ))}
      </div>
    </div>
  );
}

function drawnBar(bar: Bar, window: Span): { bar: Bar; shares: Drawn }[] {
  const shares = drawnIn(bar, window);
  return shares === undefined ? [] : [{ bar, shares }];
}

function Back({
  window,
  zero,
  silence,
  width,
  height,
}: {
  window: Span;
  zero: number;
  silence: Span | undefined;
  width: number;
  height: number;
}) {
  const x = (at: number) => ((at - window.start) / (window.end - window.start)) * width;
  const ticks = ticksOf({ start: window.start - zero, end: window.end - zero }, Math.max(2, width / 62));
  return (
    <>
      {silence && (
        <rect
          class="silence-band"
          x={x(silence.start)}
          width={x(silence.end) - x(silence.start)}
          y={0}
          height={height}
        />
      )}
      {ticks.map((tick) => (
        <g key={tick}>
          <line class="grid" x1={x(tick + zero)} x2={x(tick + zero)} y1={0} y2={height} />
          {/* Half a label is none. */}
          {x(tick + zero) > EDGE && x(tick + zero) < width - EDGE && (
            <text class="axis" x={x(tick + zero)} y={height + 14} text-anchor="middle">
              {tick === 0
                ? silence
                  ? 'caller silent'
                  : '0'
                : `${tick < 0 ? '−' : '+'}${showSeconds(Math.abs(tick))}`}
            </text>
          )}
        </g>
      ))}
    </>
  );
}

function BarShape({
  bar,
  shares: { from, first, to, before, after },
  width,
  y,
}: {
  bar: Bar;
  shares: Drawn;
  width: number;
  y: number;
}) {
  const x = from * width;
  const middle = first * width;
  const end = Math.max(x + 1.5, to * width);
  const height = ROW - 10;
  const kind = bar.error_type === undefined ? `fill-${bar.kind}` : 'fill-error';
  const waits = bar.first !== undefined && bar.kind !== 'playback';
  return (
    <g class={bar.cancelled ? 'is-cancelled' : ''}>
      {waits && (
        <rect
          class={`${kind} waits`}
          x={x}
          y={y}
          width={Math.max(0, middle - x)}
          height={height}
          rx={before ? 0 : 3}
        />
      )}
      <rect
        class={kind}
        x={waits ? middle : x}
        y={y}
        width={Math.max(1.5, end - (waits ? middle : x))}
        height={height}
        rx={2}
      />
      {bar.cancelled && !after && <line class="cut-off" x1={end} x2={end} y1={y - 3} y2={y + height + 3} />}
    </g>
  );
}

const nameOf = ({ kind, provider, model, tool }: Bar) =>
  [kind, provider, tool ?? model].filter(Boolean).join(' ');

function figureOf({ kind, start, end, first, cancelled, error_type, end_unknown, source }: Bar): string {
  const parts = [
    first === undefined || kind === 'playback' ? '' : `first ${showSeconds(first - start)}`,
    end_unknown ? '' : showSeconds(end - start),
    cancelled ? 'cut off' : '',
    error_type ?? '',
    kind === 'playback' ? (source ?? '') : '',
  ];
  return parts.filter(Boolean).join(' · ');
}
