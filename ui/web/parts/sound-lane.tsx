import { useEffect, useRef } from 'preact/hooks';
import { loudestIn } from '../../shared/peaks.ts';
import type { Span } from '../../shared/waterfall.ts';
import { type Sound, usePeaks } from '../app/sound.ts';
import { theme } from '../app/theme.ts';
import { LEFT } from './timeline-sizes.ts';

const HEIGHT = 44;

/** How loud the recording is: the caller above, the agent beneath the line. */
export function SoundLane({ sound, view, width }: { sound: Sound; view: Span; width: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { source } = sound;
  const peaks = usePeaks(source.peaks);
  const colours = theme.value;
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context || peaks === undefined) return;
    const scale = window.devicePixelRatio || 1;
    context.canvas.width = width * scale;
    context.canvas.height = HEIGHT * scale;
    context.scale(scale, scale);
    const style = getComputedStyle(document.documentElement);
    const perPixel = (view.end - view.start) / (width - LEFT);
    const middle = HEIGHT / 2;
    for (const [side, name] of [
      [0, '--user'],
      [1, '--agent'],
    ] as const) {
      context.fillStyle = style.getPropertyValue(name);
      for (let x = LEFT; x < width; x++) {
        const from = view.start + (x - LEFT) * perPixel - source.start;
        const loud = loudestIn(peaks, side, from, from + perPixel);
        if (loud === 0) continue;
        const tall = Math.max(1, loud * (middle - 2));
        context.fillRect(x, side === 0 ? middle - tall : middle, 1, tall);
      }
    }
  }, [peaks, source, view.start, view.end, width, colours]);
  if (source.peaks === undefined) return null;
  return <canvas ref={canvas} class="sound-lane" aria-hidden="true" />;
}
