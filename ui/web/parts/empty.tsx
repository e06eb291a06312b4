import type { ComponentChildren } from 'preact';
import { keepingTenant, withParameters } from '../../shared/query.ts';
import { path, query } from '../app/location.ts';

/** Where there is nothing to show: why, and what to do. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** No call is chosen: by these filters, or at all. */
export function NoCalls({ isFiltered }: { isFiltered: boolean }) {
  const hasOthers = [...query.value.keys()].some((name) => name !== 'tenant');
  if (isFiltered)
    return (
      <Empty title="No call is like that">
        <p>
          <a href={hasOthers ? keepingTenant(path.value, query.value) : path.value}>Clear the filters</a>, or{' '}
          <a href={withParameters(path.value, query.value, { since: 'all', until: undefined })}>
            look at all time
          </a>
          .
        </p>
      </Empty>
    );
  return (
    <Empty title="No calls yet">
      <p>Try it with a simulated phone agent:</p>
      <pre>npx earshot demo</pre>
      <p>Watch an agent of your own:</p>
      <pre>npx earshot watch -- node agent.js</pre>
      <p class="dim">
        Calls of the last 7 days are shown. <a href="/calls?since=all">Look at all time</a>.
      </p>
    </Empty>
  );
}

export function Trouble({ error }: { error: string }) {
  return (
    <div class="trouble" role="alert">
      {error}
    </div>
  );
}
