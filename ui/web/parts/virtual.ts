import { useEffect, useRef, useState } from 'preact/hooks';

/** Rows that are drawn beyond the window, so that quick scrolling shows no gaps. */
const BEYOND = 12;

/** Which of a list's rows are in the window: only these are drawn, however many there are. */
export function useVirtual(count: number, rowHeight: number) {
  const ref = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState({ from: 0, to: 60 });
  useEffect(() => {
    const look = () => {
      const top = ref.current?.getBoundingClientRect().top ?? 0;
      const from = Math.max(0, Math.floor(-top / rowHeight) - BEYOND);
      const to = Math.min(count, Math.ceil((window.innerHeight - top) / rowHeight) + BEYOND);
      setRange((old) => (old.from === from && old.to === to ? old : { from, to }));
    };
    look();
    window.addEventListener('scroll', look, { passive: true });
    window.addEventListener('resize', look);
    return () => {
      window.removeEventListener('scroll', look);
      window.removeEventListener('resize', look);
    };
  }, [count, rowHeight]);
  return { ref, from: Math.min(range.from, count), to: Math.min(range.to, count) };
}
