import { signal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';
import { Trouble } from '../parts/empty.tsx';

type Views = typeof import('../views/other-views.ts');

const views = signal<Views | undefined>(undefined);
const error = signal<string | undefined>(undefined);

/** Loads the views that are not of calls, once. */
export function loadOtherViews(): void {
  if (views.value !== undefined) return;
  import('../views/other-views.ts').then(
    (loaded) => {
      views.value = loaded;
      error.value = undefined;
    },
    () => {
      error.value = 'this view did not load: the server is away, or has a newer page; load it again';
    },
  );
}

/** The view that an address names, once it is there. */
export function OtherView({ at }: { at: string }) {
  useLayoutEffect(loadOtherViews, [at]);
  if (views.value === undefined)
    return error.value === undefined ? <p class="dim">…</p> : <Trouble error={error.value} />;
  const { LatencyView, CostView, QualityView, CompareView, DecideView, IncidentView, IncidentsView } =
    views.value;
  if (at === '/latency') return <LatencyView />;
  if (at === '/cost') return <CostView />;
  if (at === '/quality') return <QualityView />;
  if (at === '/compare') return <CompareView />;
  if (at === '/decide') return <DecideView />;
  const [, incident] = /^\/incidents\/([^/]+)$/.exec(at) ?? [];
  return incident === undefined ? <IncidentsView /> : <IncidentView key={incident} id={incident} />;
}
