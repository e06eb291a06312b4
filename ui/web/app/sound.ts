import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { CallAnswer } from '../../shared/api.ts';
import { callAddress } from '../../shared/query.ts';

/** What of a call can be heard. */
export interface Source {
  address: string;
  /** Seconds from the call's start to its first sample. */
  start: number;
  seconds: number;
  /** Absent: it was recorded elsewhere. */
  format?: 'wav' | 'ogg';
  /** Where it says how loud it is. Absent: nothing decodes it, or it was recorded elsewhere. */
  peaks?: string;
}

/** The player of a call. Instants are seconds from the call's start. */
export interface Sound {
  readonly element: { current: HTMLAudioElement | null };
  readonly source: Source;
  readonly sources: readonly Source[];
  readonly isPlaying: boolean;
  now(): number;
  seek(at: number): void;
  toggle(): void;
}

/**
 * The recordings of a call, and an attached one where this server has it. What another host has is not played: it would learn who
 * looks at which call, and the page asks no other host for anything.
 */
function sourcesOf({ call, recordings }: CallAnswer): Source[] {
  const own = recordings.map(({ id, format, start, seconds, has_peaks }) => ({
    address: `/api${callAddress(call, `/sound/${id}.${format}`)}`,
    format,
    ...(has_peaks && { peaks: `/api${callAddress(call, `/sound/${id}.peaks`)}` }),
    start,
    seconds,
  }));
  const { recording_url: attached } = call;
  if (own.length > 0 || attached === null || !URL.canParse(attached)) return own;
  const isHere = new URL(attached).origin === window.location.origin;
  return isHere ? [{ address: attached, start: 0, seconds: call.duration_seconds }] : [];
}

/** Undefined: nothing of the call can be heard. */
export function useSound(data: CallAnswer): Sound | undefined {
  const element = useRef<HTMLAudioElement>(null);
  const [chosen, choose] = useState(0);
  const [isPlaying, setPlaying] = useState(false);
  const sources = useMemo(() => sourcesOf(data), [data]);
  const source = sources[chosen] ?? sources[0];
  /** Where to go on, once another recording is loaded. */
  const then = useRef<{ at: number; play: boolean } | undefined>(undefined);
  useEffect(() => {
    const audio = element.current;
    if (audio === null) return undefined;
    const changed = () => setPlaying(!audio.paused);
    const loaded = () => {
      if (then.current === undefined || source === undefined) return;
      audio.currentTime = Math.max(0, then.current.at - source.start);
      if (then.current.play) void audio.play();
      then.current = undefined;
    };
    for (const name of ['play', 'pause', 'ended']) audio.addEventListener(name, changed);
    audio.addEventListener('loadedmetadata', loaded);
    return () => {
      for (const name of ['play', 'pause', 'ended']) audio.removeEventListener(name, changed);
      audio.removeEventListener('loadedmetadata', loaded);
    };
  }, [source?.address]);
  if (source === undefined) return undefined;
  const now = () => then.current?.at ?? source.start + (element.current?.currentTime ?? 0);
  const seek = (at: number) => {
    const audio = element.current;
    if (audio === null) return;
    const wanted = sources.findLastIndex(({ start }) => start <= at);
    const other = sources[wanted];
    if (other !== undefined && other !== source) {
      then.current = { at, play: !audio.paused };
      choose(wanted);
    } else if (audio.readyState === 0) then.current = { at, play: false };
    else audio.currentTime = Math.max(0, Math.min(at - source.start, source.seconds));
  };
  const toggle = () => {
    const audio = element.current;
    if (audio === null) return;
    if (audio.paused) void audio.play().catch(() => setPlaying(false));
    else audio.pause();
  };
  return { element, source, sources, isPlaying, now, seek, toggle };
}

/** How loud a recording is, when it is known: for each 20 ms two bytes, caller and agent. */
export function usePeaks(address: string | undefined): Uint8Array | undefined {
  const [peaks, setPeaks] = useState<Uint8Array>();
  useEffect(() => {
    setPeaks(undefined);
    if (address === undefined) return undefined;
    const aborter = new AbortController();
    fetch(address, { signal: aborter.signal })
      .then(async (response) => {
        if (response.ok) setPeaks(new Uint8Array(await response.arrayBuffer()));
      })
      .catch(() => {}); // Without them it plays all the same.
    return () => aborter.abort();
  }, [address]);
  return peaks;
}
