import { useEffect, useState } from 'preact/hooks';

/** Of a call with more turns, what stands around the timeline is drawn a frame later. */
export const MANY_TURNS = 30;

/** False for the first frame where there is much to draw: what one looks at first is drawn first. */
export function useAfterFirst(isMuch: boolean): boolean {
  const [isReady, setReady] = useState(!isMuch);
  useEffect(() => {
    if (isReady) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const frame = requestAnimationFrame(() => {
      timer = setTimeout(() => setReady(true));
    });
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, []);
  return isReady;
}
