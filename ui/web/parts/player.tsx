import { useEffect, useRef } from 'preact/hooks';
import { tickText } from '../../shared/timeline.ts';
import type { Span } from '../../shared/waterfall.ts';
import type { Sound } from '../app/sound.ts';
import { LEFT } from './timeline-sizes.ts';

/** Plays and pauses, and says where it is. */
export function Player({ sound }: { sound: Sound }) {
  const { element, source, isPlaying, toggle, seek, now } = sound;
  const text = useRef<HTMLSpanElement>(null);
  const range = useRef<HTMLInputElement>(null);
  const end = source.start + source.seconds;
  const show = () => {
    const at = now();
    if (text.current) text.current.textContent = `${tickText(at, 1)} / ${tickText(end, 1)}`;
    if (range.current && document.activeElement !== range.current) range.current.value = String(at);
  };
  useFrames(isPlaying, show);
  return (
    <div class="player">
      {/* biome-ignore lint/a11y/useMediaCaption: what was said stands beside it, where it was recorded */}
      <audio ref={element} src={source.address} preload="metadata" onSeeked={show} onLoadedMetadata={show} />
      <button type="button" class="play" aria-label={isPlaying ? 'Pause' : 'Play'} onClick={toggle}>
        <svg viewBox="0 0 10 10" aria-hidden="true">
          <path d={isPlaying ? 'M1 0h3v10H1zM6 0h3v10H6z' : 'M1 0l9 5-9 5z'} />
        </svg>
      </button>
      <span ref={text} class="dim small mono" />
      <input
        ref={range}
        type="range"
        aria-label="Where in the recording, in seconds"
        min={source.start}
        max={end}
        step="0.1"
        onInput={(event) => seek(Number(event.currentTarget.value))}
      />
      <a class="dim small wide-only" href={source.address} download>
        {source.format === 'wav' ? 'WAV' : 'File'}
      </a>
    </div>
  );
}

/** Where in the recording it is, over all lanes. Moved without drawing anything else. */
export function Cursor({ sound, view, width }: { sound: Sound; view: Span; width: number }) {
  const line = useRef<HTMLDivElement>(null);
  const show = () => {
    if (line.current === null) return;
    const x = LEFT + ((sound.now() - view.start) / (view.end - view.start)) * (width - LEFT);
    line.current.style.transform = `translateX(${x.toFixed(1)}px)`;
    line.current.hidden = x < LEFT || x > width;
  };
  useFrames(sound.isPlaying, show);
  useEffect(() => {
    const audio = sound.element.current;
    show();
    audio?.addEventListener('seeking', show);
    audio?.addEventListener('seeked', show);
    return () => {
      audio?.removeEventListener('seeking', show);
      audio?.removeEventListener('seeked', show);
    };
  });
  return <div ref={line} class="cursor" data-testid="cursor" />;
}

/** Calls `show` for each frame while it plays, and once when it is drawn. */
function useFrames(isPlaying: boolean, show: () => void): void {
  const latest = useRef(show);
  latest.current = show;
  useEffect(() => {
    let frame = 0;
    const next = () => {
      latest.current();
      if (isPlaying) frame = requestAnimationFrame(next);
    };
    next();
    return () => cancelAnimationFrame(frame);
  }, [isPlaying]);
}
