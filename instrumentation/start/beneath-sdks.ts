import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { guard } from '../call/spans.ts';
import { loadBrowserSockets, loadRequests, SDKS } from '../sdks/index.ts';
import { at } from '../sdks/kit/patch.ts';
import { leaveAlone } from '../sdks/kit/raw/left-alone.ts';

const CREATED = 'undici:request:create';

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
  // Not before the first is about to connect: to look at the class has Node load `fetch` and all that belongs to it.
  if (!disabled.includes('ws'))
    onFirst(CREATED, () => loadBrowserSockets()(at(globalThis, 'WebSocket')), opensSocket);
  if (disabled.includes('fetch')) return;
  onFirst(CREATED, (message) => loadRequests().followUndici(message));
  onFirst('http.client.request.start', (message) => loadRequests().followHttp(message));
}

/** The handshake of a WebSocket is a request. */
const opensSocket = (message: unknown): boolean => at(message, 'request', 'upgrade') === 'websocket';

/** What the application never does is never loaded. */
function onFirst(
  channel: string,
  follow: (message: unknown) => void,
  isWanted: (message: unknown) => boolean = () => true,
): void {
  const first = (message: unknown): void => {
    if (!isWanted(message)) return;
    unsubscribe(channel, first);
    guard('following requests', () => follow(message));
  };
  subscribe(channel, first);
}
