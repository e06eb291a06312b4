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
    (await stack.db.query<{ n: number }>(`SELECT count(*)::int AS n FROM earshot.${what}`))[0]?.n;

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
        { deadlineMs: RECOVERY_MS, intervalMs: 200, what: `request ${which} to be taken` },
      );

    for (let which = 0; which < REQUESTS; which += 1) {
      if (which === 8)
        await poll(async () => ((await count('call_spans')) ?? 0) > 0, {
          deadlineMs: RECOVERY_MS,
          intervalMs: 100,
          what: 'the first spans',
        });
      if (which === 10) await other.serve.kill();
      if (which === 16) await kafka.process.kill();
      if (which === 20) await one.process.kill();
      if (which === 24) await kafka.process.up();
      if (which === 28) await one.process.up();
      if (which === 32) await other.serve.up();
      if (which === 36) await other.process.kill();
      await sendPart(which);
    }
    await other.process.up();

    for (const callId of callIds) {
      const { metrics, logs, facts } = await poll(
        async () => {
          const call = await storedCall(stack.db, callId, RECOVERY_MS);
          return call.facts.length === SPANS && call.logs.length === TURNS && call;
        },
        { deadlineMs: RECOVERY_MS, intervalMs: 200, what: `${SPANS} spans of ${callId}` },
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
