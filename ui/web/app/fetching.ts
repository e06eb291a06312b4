import { useLayoutEffect, useState } from 'preact/hooks';
import type { ErrorAnswer } from '../../shared/api.ts';

/** What has come of a question to the API. While another is under way, `data` is still the answer to the one before. */
export interface Fetched<T> {
  data?: T;
  error?: string;
  isLoading: boolean;
}

/** @throws Error with what the server says. */
export async function ask<T>(url: string, signal?: AbortSignal): Promise<T> {
  const response = await fetch(url, signal ? { signal } : {});
  if (response.status === 401) window.location.assign('/login');
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error((answer as ErrorAnswer).error);
  return answer as T;
}

/** Asks the API, and again when the address or `version` changes. */
export function useFetched<T>(url: string | undefined, version: unknown = 0): Fetched<T> {
  const [state, setState] = useState<Fetched<T> & { url?: string }>({ isLoading: url !== undefined });
  useLayoutEffect(() => {
    if (url === undefined) return undefined;
    const aborter = new AbortController();
    setState(({ data }) => ({ ...(data !== undefined && { data }), isLoading: true }));
    ask<T>(url, aborter.signal).then(
      (data) => setState({ data, url, isLoading: false }),
      (error: Error) => {
        if (!aborter.signal.aborted)
          setState(({ data }) => ({
            ...(data !== undefined && { data }),
            error: error.message,
            isLoading: false,
          }));
      },
    );
    return () => aborter.abort();
  }, [url, version]);
  return state;
}
