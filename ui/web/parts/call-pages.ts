import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { CallsAnswer, ListedCall } from '../../shared/api.ts';
import { CALLS_AT_ONCE, listAddress } from '../../shared/query.ts';
import { ask } from '../app/fetching.ts';

interface Pages {
  key: string;
  calls: readonly ListedCall[];
  next?: string;
  isLoading: boolean;
  error?: string;
}

/** The calls of a list, page after page as `more` asks for them; of a search until so many more were found. */
export function useCallPages(filters: string, order: string, version: number) {
  const key = `${filters}&order=${order}`;
  const [pages, setPages] = useState<Pages>({ key, calls: [], isLoading: true });
  const asking = useRef<AbortController | undefined>(undefined);

  const load = (
    after: string | undefined,
    before: readonly ListedCall[],
    atLeast = before.length + CALLS_AT_ONCE,
  ) => {
    asking.current?.abort();
    const aborter = new AbortController();
    asking.current = aborter;
    setPages((old) => ({ ...old, isLoading: true }));
    ask<CallsAnswer>(listAddress(filters, order, after), aborter.signal).then(
      ({ calls, next }) => {
        const all = [...before, ...calls];
        // A search answers with what it has found so far.
        const goesOn = next !== undefined && all.length < atLeast;
        setPages({ key, calls: all, isLoading: goesOn, ...(next !== undefined && { next }) });
        if (goesOn) load(next, all, atLeast);
      },
      (error: Error) => {
        if (aborter.signal.aborted) return;
        // This question is over, although what is there, and what would come after it, is the answer to the one before.
        setPages(({ next, ...old }) => ({
          ...{ ...old, key, isLoading: false, error: error.message },
          ...(old.key === key && next !== undefined && { next }),
        }));
      },
    );
  };

  useLayoutEffect(() => {
    load(undefined, []);
    return () => asking.current?.abort();
  }, [key, version]);

  const more = () => {
    if (!pages.isLoading && pages.next !== undefined && pages.key === key) load(pages.next, pages.calls);
  };
  // Until it is asked for, what is there is the answer to another question.
  return { ...pages, isLoading: pages.isLoading || pages.key !== key, more };
}
