import { useEffect, useRef, useState } from 'preact/hooks';
import type { CallsAnswer, ListedCall } from '../../shared/api.ts';
import { listAddress } from '../../shared/query.ts';
import { ask } from '../app/fetching.ts';

interface Pages {
  key: string;
  calls: readonly ListedCall[];
  next?: string;
  isLoading: boolean;
  error?: string;
}

/** The calls of a list, page after page as `more` asks for them. */
export function useCallPages(filters: string, order: string, version: number) {
  const key = `${filters}&order=${order}`;
  const [pages, setPages] = useState<Pages>({ key, calls: [], isLoading: true });
  const asking = useRef<AbortController | undefined>(undefined);

  const load = (after: string | undefined, before: readonly ListedCall[]) => {
    asking.current?.abort();
    const aborter = new AbortController();
    asking.current = aborter;
    setPages((old) => ({ ...old, isLoading: true }));
    ask<CallsAnswer>(listAddress(filters, order, after), aborter.signal).then(
      ({ calls, next }) =>
        setPages({
          key,
          calls: [...before, ...calls],
          isLoading: false,
          ...(next !== undefined && { next }),
        }),
      (error: Error) => {
        if (!aborter.signal.aborted) setPages((old) => ({ ...old, isLoading: false, error: error.message }));
      },
    );
  };

  useEffect(() => {
    load(undefined, []);
    return () => asking.current?.abort();
  }, [key, version]);

  const more = () => {
    if (!pages.isLoading && pages.next !== undefined && pages.key === key) load(pages.next, pages.calls);
  };
  return { ...pages, more };
}
