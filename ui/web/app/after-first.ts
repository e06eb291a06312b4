import { useEffect, useState } from 'preact/hooks';

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
