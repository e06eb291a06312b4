import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery } from './delivery.ts';

/** What became of the deliveries. */
export interface Sent {
  /** Attempts that got no answer. */
  unanswered: number;
  /** Attempts that were told to come back later. */
  putOff: number;
}

export interface SendOptions {
  /** Requests at once. */
  readonly connections: number;
  /** The first attempts are spread over so long, in milliseconds. */
  readonly spreadMs: number;
}

/** Longer than the receiver ever takes to answer. */
const ANSWER_DEADLINE_MS = 12_000;
/** A collector waits longer; impatience makes more trouble in less time. */
const RETRY_MS = 60;

/**
 * Sends as a collector does: again after no answer and after "later", until each delivery is acknowledged.
 * @throws Error when a delivery is refused, in whole or in part.
 */
export async function send(
  url: string,
  deliveries: readonly Delivery[],
  { connections, spreadMs }: SendOptions,
): Promise<Sent> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const sent: Sent = { unanswered: 0, putOff: 0 };
  const startMs = performance.now();
  const queue = deliveries.entries();
  const one = async () => {
    for (const [index, delivery] of queue) {
      await sleep(Math.max(0, startMs + (spreadMs * index) / deliveries.length - performance.now()));
      await untilAcknowledged(url, delivery, agent, sent);
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, one));
  } finally {
    agent.destroy();
  }
  return sent;
}

async function untilAcknowledged(url: string, delivery: Delivery, agent: Agent, sent: Sent): Promise<void> {
  for (;;) {
    const answer = await attempt(url, delivery, agent).catch(() => undefined);
    if (answer === undefined) sent.unanswered += 1;
    else if (answer.status === 503 || answer.status === 429) sent.putOff += 1;
    else if (answer.status === 200 && (answer.body === '' || answer.body === '{}')) return;
    else throw new Error(`A delivery was answered ${answer.status}: ${answer.body}`);
    await sleep(RETRY_MS * (0.5 + Math.random()));
  }
}

function attempt(
  url: string,
  { body, headers }: Delivery,
  agent: Agent,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const client = request(`${url}/v1/traces`, {
      method: 'POST',
      agent,
      headers: { ...headers, 'content-length': body.length },
      timeout: ANSWER_DEADLINE_MS,
    });
    client.once('timeout', () => client.destroy(new Error('No answer.')));
    client.once('error', reject);
    client.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    client.end(body);
  });
}
