import type { IncomingMessage } from 'node:http';
import { Faults } from '../../../demo/simulators/fault.ts';
import { createRandom } from '../../../demo/simulators/random.ts';
import { delay, listenOnLoopback, recorder, type Simulator } from '../../../demo/simulators/server.ts';
import { RealtimeDialogue } from './realtime/dialogue.ts';
import type { RealtimeOptions, RealtimeTruth } from './realtime/truth.ts';

export type { RealtimeOptions, RealtimeTruth } from './realtime/truth.ts';

/** A running Realtime simulator. */
export interface RealtimeSimulator extends Simulator<RealtimeTruth> {
  /** Origin for WebSockets. */
  readonly wsUrl: string;
  /** The certificate, for `NODE_EXTRA_CA_CERTS`; undefined without TLS. */
  readonly caPath: string | undefined;
  readonly faults: Faults;
  /** The next response fails with this error instead of saying anything. */
  failNext(error: { readonly type: string; readonly code: string }): void;
  /** Sends an event to every client that is connected. */
  tell(event: Readonly<Record<string, unknown>>): void;
}

/**
 * Starts a server that speaks OpenAI's Realtime API over WebSocket, in its present form and, when the client asks with the
 * header `OpenAI-Beta`, that of the beta. It recognises the recordings of demo/speech, and answers with a hum.
 */
export async function startRealtimeSimulator(options: RealtimeOptions = {}): Promise<RealtimeSimulator> {
  const { seed = 1, tls = true } = options;
  const truth: RealtimeTruth[] = [];
  const faults = new Faults();
  const failures: object[] = [];
  const sessions = new Set<RealtimeDialogue>();
  let connections = 0;
  const server = await listenOnLoopback({
    tls,
    onRequest: (_, response) => response.writeHead(404).end(),
    onUpgrade: async ({ request, url, accept, refuse }) => {
      const random = createRandom(seed, `realtime:${++connections}`);
      const sessionId = `sess_${random.uuid()}`;
      const record = recorder(truth);
      const fault = faults.take();
      const status = fault?.kind === 'status' ? fault.status : refusal(request, url);
      if (status !== undefined) {
        record({ kind: 'refused', sessionId, status });
        return refuse(status);
      }
      if (fault?.kind === 'delay') await delay(fault.ms);
      accept((ws) => {
        const model = url.searchParams.get('model') ?? 'gpt-realtime';
        record({ kind: 'opened', sessionId, model, headers: request.headers });
        const session = new RealtimeDialogue({
          ws,
          sessionId,
          model,
          random,
          options,
          record,
          failures,
          beta: request.headers['openai-beta'] === 'realtime=v1',
          cutAfter: fault?.kind === 'cut' ? fault.afterChunks : undefined,
        });
        sessions.add(session);
        ws.on('close', () => sessions.delete(session));
      });
    },
  });
  return {
    ...server,
    truth,
    faults,
    failNext: (error) => void failures.push(error),
    tell: (event) => {
      for (const session of sessions) session.send({ ...event, type: String(event.type) });
    },
  };
}

function refusal(request: IncomingMessage, url: URL): number | undefined {
  if (url.pathname !== '/v1/realtime') return 404;
  const key = /^bearer ./i.test(request.headers.authorization ?? '');
  // A WebSocket of the platform has no headers to put it into.
  return key || /openai-insecure-api-key/.test(String(request.headers['sec-websocket-protocol']))
    ? undefined
    : 401;
}
