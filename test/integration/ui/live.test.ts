import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import { FinalizeWorker, Journal, Queue } from '../../../exporter/store/index.ts';
import type { CallAnswer, FinishedEvent, LiveEvent } from '../../../ui/shared/api.ts';
import { type PageUnderTest, startPage } from '../../support/page.ts';
import { callOf } from '../../support/page-world.ts';

type Event = { name: 'running'; data: LiveEvent } | { name: 'finished'; data: FinishedEvent };

describe('the page while calls go on', () => {
  let page: PageUnderTest;
  before(async () => {
    page = await startPage(async () => {});
  });
  after(() => page.stop());

  test('a call is there from its first turn on, grows with each, and becomes a row', async (t) => {
    const facts = callOf(0, { calls: 1, untilUs: Date.now() * 1_000 });
    const callId = facts[0]?.callId ?? '';
    const ofTurn = (index: number) =>
      facts.filter((fact) => fact.type !== 'call' && fact.turnIndex === index);
    const journal = new Journal(page.db, { finalizeDelayMs: 0 });
    const aborter = new AbortController();
    t.after(() => aborter.abort());
    const events = eventsOf(await fetch(`${page.url}/api/live`, { signal: aborter.signal }));
    const until = async (is: (event: Event) => boolean) => {
      for (;;) {
        const { value } = await events.next();
        assert.ok(value, 'the stream has ended');
        if (is(value)) return value;
      }
    };
    const turnsNow = (event: Event) =>
      event.name === 'running'
        ? event.data.running.find(({ call }) => call.call_id === callId)?.turns.length
        : undefined;

    await journal.append(ofTurn(0));
    await until((event) => turnsNow(event) === 1);
    await journal.append(ofTurn(1));
    await until((event) => turnsNow(event) === 2);
    const live = (await (await fetch(`${page.url}/api/calls/${callId}`)).json()) as CallAnswer;
    assert.equal(live.live, true);
    assert.equal(live.turns.length, 2);
    assert.deepEqual(live.call.call_id, callId);

    await journal.append(facts.filter((fact) => fact.type === 'call' || (fact.turnIndex ?? 0) > 1));
    const prices = catalogue();
    const queue = new Queue(page.db, { finalize: (all) => finalizeCall(all, prices), workerId: 'test' });
    const worker = new FinalizeWorker({ queue, onError: (error) => assert.fail(String(error)) });
    await worker.drain();
    await until(
      (event) => event.name === 'finished' && event.data.calls.some(({ call_id }) => call_id === callId),
    );
    const done = (await (await fetch(`${page.url}/api/calls/${callId}`)).json()) as CallAnswer;
    assert.equal(done.live, false);
  });
});

/** The events of a stream, as they come. */
async function* eventsOf(response: Response): AsyncGenerator<Event, undefined> {
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      const [, name, data = ''] = /^event: (\w+)\ndata: (.*)$/s.exec(part) ?? [];
      if (name !== undefined) yield { name, data: JSON.parse(data) } as Event;
    }
  }
  return undefined;
}
