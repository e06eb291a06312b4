import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { CallAnswer, TurnDetail } from '../../shared/api.ts';
import { aroundSpan, extentOf, panned, revealing, zoomed } from '../../shared/timeline.ts';
import type { Span } from '../../shared/waterfall.ts';
import { useKeys } from '../app/keys.ts';
import { useWidth } from '../app/sizes.ts';
import type { Sound } from '../app/sound.ts';
import { BoxesByClass } from './boxes.ts';
import { Cursor, Player } from './player.tsx';
import { SoundLane } from './sound-lane.tsx';
import { TimelineLanes } from './timeline-lanes.tsx';
import { LEFT } from './timeline-sizes.ts';

interface Props {
  data: CallAnswer;
  selected: TurnDetail | undefined;
  onSelect(turn: TurnDetail): void;
  /** What can be heard of the call. */
  sound?: Sound | undefined;
  /** Seconds that it shows at least, so that several timelines compare. (Default: as long as the call.) */
  atLeast?: number;
}

/** The whole conversation: who spoke when, and what each silence was made of. Drag to move, pinch or Ctrl and wheel to zoom. */
export function Timeline({ data, selected, onSelect, sound, atLeast = 1 }: Props) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const whole = useMemo(() => wholeOf(data, atLeast), [data, atLeast]);
  const [chosenView, setView] = useState<Span>();
  const view = chosenView ?? whole;
  const change = (next: (view: Span) => Span) => setView((old) => next(old ?? whole));
  const middle = (view.start + view.end) / 2;
  const isWhole = view.end - view.start >= whole.end - whole.start - 1e-6;

  useEffect(() => {
    if (selected !== undefined) change((old) => revealing(old, whole, extentOf(selected)));
  }, [selected?.row.turn_index]);
  useKeys({
    '+': () => change((old) => zoomed(old, whole, 0.6, middle)),
    '=': () => change((old) => zoomed(old, whole, 0.6, middle)),
    '-': () => change((old) => zoomed(old, whole, 1.7, middle)),
    '0': () => setView(undefined),
  });
  const drag = useDragging(ref, width, view, whole, change, (at) => sound?.seek(at));
  return (
    <section class="card pad timeline" aria-label="Timeline">
      <div class="card-head">
        <h2>Conversation</h2>
        {sound ? (
          <Player sound={sound} />
        ) : (
          <span class="dim small wide-only">drag to move · Ctrl and wheel to zoom</span>
        )}
        <span class="spacer" />
        <div class="zoom">
          <button
            type="button"
            aria-label="Closer"
            onClick={() => change((old) => zoomed(old, whole, 0.6, middle))}
          >
            +
          </button>
          <button
            type="button"
            aria-label="Farther"
            onClick={() => change((old) => zoomed(old, whole, 1.7, middle))}
          >
            −
          </button>
          {selected && (
            <button type="button" onClick={() => setView(aroundSpan(extentOf(selected), whole))}>
              Turn {selected.row.turn_index}
            </button>
          )}
          <button type="button" disabled={isWhole} onClick={() => setView(undefined)}>
            Whole call
          </button>
        </div>
      </div>
      <div ref={ref} class={`timeline-box ${isWhole ? '' : 'can-move'}`} {...drag}>
        {width > 0 && (
          <TimelineLanes
            turns={data.turns}
            view={view}
            width={width}
            selected={selected}
            onSelect={onSelect}
            isLive={data.live}
          />
        )}
        {width > 0 && sound && <SoundLane sound={sound} view={view} width={width} />}
        {width > 0 && sound && <Cursor sound={sound} view={view} width={width} />}
      </div>
      {!isWhole && <Overview whole={whole} view={view} turns={data.turns} />}
    </section>
  );
}

function wholeOf({ call, turns }: CallAnswer, atLeast: number): Span {
  const extents = turns.map(extentOf);
  const start = Math.min(0, ...extents.map((extent) => extent.start));
  const end = Math.max(atLeast, call.duration_seconds, ...extents.map((extent) => extent.end));
  const room = (end - start) * 0.012;
  return { start: start - room, end: end + room };
}

/** Pointer and wheel move the view; a short press chooses what is under it. */
function useDragging(
  box: { current: HTMLElement | null },
  width: number,
  view: Span,
  whole: Span,
  change: (next: (view: Span) => Span) => void,
  onPress: (at: number) => void,
) {
  const from = useRef<number | undefined>(undefined);
  const hasMoved = useRef(false);
  const secondsPerPixel = (view.end - view.start) / Math.max(1, width - LEFT);
  const instantAt = (clientX: number) =>
    view.start + (clientX - LEFT - (box.current?.getBoundingClientRect().left ?? 0)) * secondsPerPixel;
  useEffect(() => {
    const element = box.current;
    // Not a property of the element: only a listener that is not passive may keep the page from scrolling.
    const onWheel = (event: WheelEvent) => {
      const isSideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
      if (!event.ctrlKey && !event.metaKey && !isSideways) return;
      event.preventDefault();
      const at = instantAt(event.clientX);
      if (isSideways) change((old) => panned(old, whole, event.deltaX * secondsPerPixel));
      else change((old) => zoomed(old, whole, Math.exp(event.deltaY * 0.004), at));
    };
    element?.addEventListener('wheel', onWheel, { passive: false });
    return () => element?.removeEventListener('wheel', onWheel);
  });
  return {
    onPointerDown: (event: PointerEvent) => {
      from.current = event.clientX;
      hasMoved.current = false;
    },
    onPointerMove: (event: PointerEvent) => {
      if (from.current === undefined || event.buttons === 0) return;
      const pixels = from.current - event.clientX;
      if (Math.abs(pixels) < 2) return;
      from.current = event.clientX;
      hasMoved.current = true;
      change((old) => panned(old, whole, pixels * secondsPerPixel));
    },
    onPointerUp: (event: PointerEvent) => {
      if (from.current !== undefined && !hasMoved.current) onPress(instantAt(event.clientX));
      from.current = undefined;
    },
  };
}

/** Where the view is in the whole call. */
function Overview({ whole, view, turns }: { whole: Span; view: Span; turns: readonly TurnDetail[] }) {
  const share = (at: number) => ((at - whole.start) / (whole.end - whole.start)) * 1_000;
  const said = useMemo(() => {
    const boxes = new BoxesByClass();
    for (const { speech, heard } of turns) {
      for (const { start, end } of speech)
        boxes.of('fill-user').add(share(start), 0, share(end) - share(start), 3);
      for (const { start, end } of heard)
        boxes.of('fill-agent').add(share(start), 5, share(end) - share(start), 3);
    }
    return boxes.all;
  }, [turns, whole]);
  return (
    <svg class="overview" viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true">
      {said.map(([className, path]) => (
        <path key={className} class={className} d={path} />
      ))}
      <rect
        class="overview-view"
        x={share(view.start)}
        width={share(view.end) - share(view.start)}
        y={0}
        height={8}
      />
    </svg>
  );
}
