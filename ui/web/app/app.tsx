import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { DEFAULT_TENANT } from '../../../model/tenant.ts';
import { callAddress, keepingFilters, keepingTenant } from '../../shared/query.ts';
import { Help } from '../parts/help.tsx';
import { IncidentBanner } from '../parts/incident-banner.tsx';
import { CallView } from '../views/call-view.tsx';
import { CallsView } from '../views/calls-view.tsx';
import { about } from './about.ts';
import { useKeys } from './keys.ts';
import { isFollowing, running } from './live.ts';
import { path, query } from './location.ts';
import { loadOtherViews, OtherView } from './other-views.tsx';
import { switchTheme, theme } from './theme.ts';

const VIEWS = [
  { path: '/calls', name: 'Calls' },
  { path: '/latency', name: 'Latency' },
  { path: '/cost', name: 'Cost' },
  { path: '/quality', name: 'Quality' },
  { path: '/compare', name: 'Compare' },
  { path: '/decide', name: 'Decide' },
  { path: '/incidents', name: 'Incidents' },
] as const;

const isHelpOpen = signal(false);

/** The page: its head, and the view that its address names. */
export function App() {
  useKeys({
    '?': () => {
      isHelpOpen.value = !isHelpOpen.value;
    },
  });
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="top">
        <a class="brand" href={keepingTenant('/calls', filters())}>
          <svg viewBox="0 0 22 16" aria-hidden="true">
            <path class="brand-a" d="M2 8h3" />
            <path class="brand-b" d="M9 5v6" />
            <path class="brand-c" d="M14 2v12" />
            <path class="brand-d" d="M19 6v4" />
          </svg>
          earshot
        </a>
        <nav aria-label="Views" onPointerEnter={loadOtherViews} onFocusIn={loadOtherViews}>
          {VIEWS.map(({ path: to, name }) => (
            <a key={to} href={keepingFilters(to, filters())} aria-current={isIn(to) ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <div class="top-end">
          {running.value.length > 0 && (
            <a class="live-count" href={keepingTenant('/calls', filters())}>
              <i class="dot" />
              {running.value.length} live
            </a>
          )}
          {!isFollowing.value && <span class="dim small">not connected</span>}
          <button type="button" class="plain" onClick={switchTheme}>
            {theme.value === 'dark' ? 'Light' : 'Dark'}
          </button>
          <button
            type="button"
            class="plain"
            aria-label="Keyboard and meanings"
            onClick={() => {
              isHelpOpen.value = true;
            }}
          >
            <kbd>?</kbd>
          </button>
          {about.value.authenticated && (
            <form method="post" action="/logout">
              <button type="submit" class="plain">
                Log out
              </button>
            </form>
          )}
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <IncidentBanner />
        {viewOf(path.value)}
      </main>
      <Help isOpen={isHelpOpen} version={about.value.version} />
    </>
  );
}

const isIn = (to: string) =>
  path.value === to || path.value.startsWith(`${to}/`) || (to === '/calls' && path.value === '/');

const callIdOf = (at: string) => /^\/calls\/([^/]+)$/.exec(at)?.[1];

/** Of the calls that one is among; the tenant in the address of a call is part of its name. */
const filters = () => (callIdOf(path.value) === undefined ? query.value : new URLSearchParams());

function viewOf(at: string): ComponentChildren {
  const callId = callIdOf(at);
  if (callId !== undefined) {
    const call = { tenant: query.value.get('tenant') ?? DEFAULT_TENANT, call_id: decodeURIComponent(callId) };
    return <CallView key={callAddress(call)} name={call} />;
  }
  if (at === '/' || at === '/calls') return <CallsView />;
  return <OtherView at={at} />;
}
