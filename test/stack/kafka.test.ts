import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { storedCall } from '../support/observed-world.ts';
import { poll } from '../support/poll.ts';
import { type Kafka, startKafka } from '../support/stack/kafka.ts';
import { request, send } from '../support/stack/otlp-spans.ts';
import { spansOfCall } from '../support/stack/spoken-call.ts';
import { type Gateway, PROGRAMS, RECOVERY_MS, type Stack, startStack } from '../support/stack/stack.ts';

const CALLS = 40;
const TURNS = 5;
const SPANS = TURNS * 2 + 1;
/** A broker comes back, a group finds its members again, and then what waited is delivered. */
const PATIENCE_MS = 3 * RECOVERY_MS;
/** Requests that the spans of all calls come in. */
const REQUESTS = 40;

const skip = PROGRAMS.kafka ? false : 'no Kafka: it needs Java 17 or newer, and Maven';

describe('gateway-kafka.yaml', { skip }, () => {
  let stack: Stack;
  let kafka: Kafka;
  let gateways: readonly Gateway[];
  before(async () => {
    [stack, kafka] = await Promise.all([startStack(), startKafka()]);
    gateways = await Promise.all([stack.startGateway(kafka.broker), stack.startGateway(kafka.broker)]);
  });
  after(async () => {
    await stack?.stop();
    await kafka?.stop();
  });

  const count = async (what: string) =>
    (await stack.db.query<{ n: number }>(`SELECT count(*)::int AS n FROM earshot.${what}`))[0]?.n ?? 0;
  const until = (what: string, holds: () => boolean | Promise<boolean>) =>
    poll(async () => holds(), { deadlineMs: PATIENCE_MS, intervalMs: 100, what });

  it('loses and doubles nothing over kills of the broker, a collector and a worker', async () => {
    const [one, other] = gateways;
    assert.ok(one && other);
    const callIds = Array.from({ length: CALLS }, (_, index) => `CA${Date.now()}-${index}`);
    const spans = callIds.flatMap((callId) => spansOfCall(callId, TURNS));
    const part = (which: number) =>
      request(
        { 'service.name': 'many-agents' },
        spans.filter((_, index) => index % REQUESTS === which),
      );
    // As agents do: what is not taken is sent again, to whichever answers.
    const sendPart = (which: number) =>
      poll(
        async () => {
          for (const { url } of which % 2 === 0 ? [one, other] : [other, one]) {
            const sent = await send(url, part(which)).then(
              () => true,
              () => false,
            );
            if (sent) return true;
          }
          return false;
        },
        { deadlineMs: PATIENCE_MS, intervalMs: 200, what: `request ${which} to be taken` },
      );

    // What the second gateway has taken from the topic cannot go on when it is killed: its worker is.
    const faults: Readonly<Record<number, () => Promise<unknown>>> = {
      8: () => until('the first spans are stored', async () => (await count('call_spans')) > 0),
      10: () => other.serve.kill(),
      16: () =>
        until('a record cannot be delivered', () => other.process.output.includes('Exporting failed')),
      18: () => kafka.process.kill(),
      20: () => other.process.kill(),
      24: () => kafka.process.up(),
      28: () => other.process.up(),
      32: () => other.serve.up(),
      36: () => one.process.kill(),
    };
    for (let which = 0; which < REQUESTS; which += 1) {
      await faults[which]?.();
      await sendPart(which);
    }
    await one.process.up();

    for (const callId of callIds) {
      const { metrics, logs, facts } = await poll(
        async () => {
          const call = await storedCall(stack.db, callId, PATIENCE_MS);
          return call.facts.length === SPANS && call.logs.length === TURNS && call;
        },
        { deadlineMs: PATIENCE_MS, intervalMs: 200, what: `${SPANS} spans of ${callId}` },
      );
      assert.equal(facts.length, SPANS);
      assert.equal(metrics.turn_count, TURNS);
      assert.equal(metrics.tts_characters, TURNS * 100);
      assert.equal(logs.length, TURNS);
    }
    assert.equal(await count('call_spans'), CALLS * SPANS);
    assert.equal(await count('call_metrics'), CALLS);
    assert.equal(await count('call_logs'), CALLS * TURNS);
  });
});
