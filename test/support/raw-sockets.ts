import { once } from 'node:events';
// It takes over the built-in `fetch` of its process: no test of an SDK shares one with a test that uses this.
import { WebSocket as BrowserSocket } from 'undici';
import * as ws from 'ws';
import { setProviderHosts } from '../../instrumentation/sdks/kit/raw/provider-hosts.ts';
import { patchBrowserSockets, patchSockets } from '../../instrumentation/sdks/sockets/sockets.ts';
import type { Fact } from '../../model/facts.ts';
import type { ProviderName } from '../../model/providers.ts';
import { audioSecondsOf, callsOf, stagesOf, turnsOf } from './facts.ts';

/** A socket that an application opens itself. */
export interface RawSocket {
  send(data: string | Uint8Array): void;
  close(): void;
  /** Called with each message, text as a string. */
  onMessage(listener: (data: unknown) => void): void;
  readonly closed: Promise<number>;
  /** What it is: a class of `ws` or of browsers. */
  readonly socket: object;
}

/** The kinds of sockets that there are. */
export const SOCKET_KINDS = [
  { name: 'ws', open: openWs },
  { name: 'a WebSocket as browsers have it', open: openBrowser },
] as const;

type Headers = Readonly<Record<string, string>>;

/** Follows raw sockets of every kind, to a simulator as to the provider that it stands for. */
export function followRawSockets(
  simulators: readonly { readonly url: string; readonly provider?: ProviderName }[],
): void {
  patchSockets(ws);
  patchBrowserSockets(BrowserSocket);
  if ('WebSocket' in globalThis) patchBrowserSockets(globalThis.WebSocket);
  setProviderHosts(simulators.map(({ url, provider }) => ({ host: new URL(url).host, provider })));
}

async function openWs(url: string, headers: Headers = {}): Promise<RawSocket> {
  const socket = new ws.WebSocket(url, { headers });
  const closed = once(socket, 'close').then(([code]) => Number(code));
  await once(socket, 'open');
  return {
    send: (data) => socket.send(data),
    close: () => socket.close(),
    onMessage: (listener) =>
      socket.on('message', (data, isBinary) => listener(isBinary ? data : String(data))),
    closed,
    socket,
  };
}

async function openBrowser(url: string, headers: Headers = {}): Promise<RawSocket> {
  const ws = new BrowserSocket(url, { headers });
  const closed = new Promise<number>((resolve) => ws.addEventListener('close', ({ code }) => resolve(code)));
  await new Promise((resolve, reject) => {
    ws.addEventListener('open', resolve);
    ws.addEventListener('error', reject);
  });
  return {
    send: (data) => ws.send(data as string),
    close: () => ws.close(),
    onMessage: (listener) => ws.addEventListener('message', ({ data }) => listener(data)),
    closed,
    socket: ws,
  };
}

/**
 * What was recorded, without what differs from run to run: times, ids and words, and how the audio that was heard is
 * divided between the words and the rest.
 */
export const outline = (facts: readonly Fact[]) => ({
  calls: callsOf(facts).map(({ endReason }) => endReason),
  turns: turnsOf(facts).map(({ turnIndex, eouSource, initiator }) => ({ turnIndex, eouSource, initiator })),
  heardSeconds: audioSecondsOf(stagesOf(facts, 'stt')),
  stages: facts.flatMap((fact) =>
    fact.type === 'stage'
      ? [
          {
            stage: fact.stage,
            turnIndex: fact.turnIndex,
            provider: fact.provider,
            model: fact.model,
            streaming: fact.streaming,
            // Tokens of audio depend on when it was sent.
            usage: fact.stage === 'tts' ? fact.usage : Object.keys(fact.usage ?? {}).sort(),
            cancelled: fact.cancelled,
            errorType: fact.errorType,
            hasFirstByte: fact.firstByteUs !== undefined,
          },
        ]
      : [],
  ),
});
