import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { LoadRequests, type RequestId } from './load-requests.ts';

/** What the client is told to do. It makes all bodies first, says `ready`, and begins when it is told `go`. */
export interface LoadOrder {
  readonly url: string;
  /** (Default: none.) */
  readonly token?: string;
  readonly requests: readonly RequestId[];
  /** All calls of a round are open at once. */
  readonly together: boolean;
  readonly connections: number;
  /** Requests a second, whatever the answers are; absent: as fast as they are answered. */
  readonly perSecond?: number;
  /** It stops after so long, in milliseconds, or when all requests are sent. */
  readonly durationMs: number;
}

/** What came of it. */
export interface LoadReport {
  /** From the first request to the last answer. */
  readonly seconds: number;
  /** The spans of the requests that were acknowledged, as trace id and span id together. */
  readonly acknowledged: readonly string[];
  /** Answers by status; 0: none. */
  readonly statuses: Readonly<Record<number, number>>;
  /** Milliseconds to each answer 200, sorted; from when the request was due, not from when it could be sent. */
  readonly latenciesMs: readonly number[];
}

async function load(order: LoadOrder): Promise<LoadReport> {
  const { connections, perSecond, durationMs } = order;
  const source = new LoadRequests({ together: order.together });
  const bodies = order.requests.map((id) => ({ id, body: source.body(id) }));
  process.send?.('ready');
  await new Promise((resolve) => process.once('message', resolve));

  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const requests: RequestId[] = [];
  const statuses: Record<number, number> = {};
  const latenciesMs: number[] = [];
  const one = async ({ id, body }: (typeof bodies)[number], dueMs: number) => {
    const status = await post(order, agent, body).catch(() => 0);
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (status !== 200) return;
    latenciesMs.push(performance.now() - dueMs);
    requests.push(id);
  };
  const startMs = performance.now();
  const over = () => performance.now() - startMs >= durationMs;
  const queue = bodies.values();
  if (perSecond === undefined) {
    const inTurn = async () => {
      for (const each of queue) {
        await one(each, performance.now());
        if (over()) return;
      }
    };
    await Promise.all(Array.from({ length: connections }, inTurn));
  } else {
    const open: Promise<void>[] = [];
    for (const each of queue) {
      const dueMs = startMs + (1_000 * open.length) / perSecond;
      const waitMs = dueMs - performance.now();
      if (waitMs > 1) await sleep(waitMs);
      if (over()) break;
      open.push(one(each, dueMs));
    }
    await Promise.all(open);
  }
  const seconds = (performance.now() - startMs) / 1_000;
  agent.destroy();
  const acknowledged = requests.flatMap((id) =>
    source.facts(id).map(({ traceId, spanId }) => traceId + spanId),
  );
  return { seconds, acknowledged, statuses, latenciesMs: latenciesMs.sort((a, b) => a - b) };
}

function post({ url, token }: LoadOrder, agent: Agent, body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const client = request(`${url}/v1/traces`, {
      method: 'POST',
      agent,
      headers: {
        'content-type': 'application/x-protobuf',
        'content-encoding': 'gzip',
        'content-length': body.length,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
    });
    client.once('error', reject);
    client.once('response', (response) => {
      response.resume();
      response.once('error', reject);
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
    client.end(body);
  });
}

process.once('message', async (order: LoadOrder) => {
  const report = await load(order);
  // Not before it is on its way: it can be long.
  process.send?.(report, () => process.disconnect());
});
