import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { guard } from '../call/spans.ts';
import { loadBrowserSockets, loadRequests, SDKS } from '../sdks/index.ts';
import { onGlobalWebSocket } from '../sdks/kit/raw/global.ts';
import { leaveAlone } from '../sdks/kit/raw/left-alone.ts';

/**
 * Follows what applications do without an SDK: sockets of the global `WebSocket`, which no hook
 * sees being loaded, and requests of `fetch`, `undici` and `node:http`.
 *
 * @param disabled Packages that are left alone. The sockets of their providers are, too; all of them, where a framework is
 * left alone: it may report what it does in its own spans.
 */
export function followBeneathSdks(disabled: readonly string[]): void {
  const off = SDKS.filter(({ packageName }) => disabled.includes(packageName));
  if (off.some(({ uses }) => uses.frameworks !== undefined)) leaveAlone('all');
  else leaveAlone(off.map(({ folder }) => folder));
  // The file that follows them is loaded when the application first uses one.
  if (!disabled.includes('ws')) onGlobalWebSocket((websocketClass) => loadBrowserSockets()(websocketClass));
  if (disabled.includes('fetch')) return;
  onFirst('undici:request:create', (message) => loadRequests().followUndici(message));
  onFirst('http.client.request.start', (message) => loadRequests().followHttp(message));
}

/** What the application never does is never loaded. */
function onFirst(channel: string, follow: (message: unknown) => void): void {
  const first = (message: unknown): void => {
    unsubscribe(channel, first);
    guard('following requests', () => follow(message));
  };
  subscribe(channel, first);
}
