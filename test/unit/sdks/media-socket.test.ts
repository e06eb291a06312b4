import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import fc from 'fast-check';
import { openCallCount } from '../../../instrumentation/call/call.ts';
import { setParameterTags } from '../../../instrumentation/call/call-tags.ts';
import { activeCall } from '../../../instrumentation/call/scope.ts';
import { MediaSocket } from '../../../instrumentation/sdks/kit/telephony/media-socket.ts';
import { TWILIO } from '../../../instrumentation/sdks/twilio/twilio.ts';
import type { CallFact } from '../../../model/facts.ts';
import { callsOf } from '../../support/facts.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';

before(recordSpans);

const CARRIERS = new Map([[TWILIO.name, TWILIO]]);

const json = (message: unknown): Buffer => Buffer.from(JSON.stringify(message));
const start = (customParameters: unknown) =>
  json({ event: 'start', start: { callSid: 'CA1', customParameters } });
const startedWith = (customParameters: unknown): CallFact => {
  takeFacts();
  const socket = new MediaSocket(CARRIERS, ROOT_CONTEXT);
  socket.received(start(customParameters));
  socket.closed();
  const call = callsOf(takeFacts())[0];
  assert.ok(call);
  return call;
};

describe('a media stream', () => {
  it('knows direction, campaign and agent from its parameters, in either spelling', () => {
    for (const parameters of [
      { direction: 'inbound', campaign_id: 'c', agent_name: 'a' },
      { direction: 'inbound', campaignId: 'c', agentName: 'a' },
    ]) {
      const { direction, campaignId, agentName } = startedWith(parameters);
      assert.deepEqual([direction, campaignId, agentName], ['inbound', 'c', 'a']);
    }
  });

  it('takes no other parameter, unless it is named in the settings', (t) => {
    const parameters = { plan: 'gold', customer_id: 'cus_8812', From: '+390612345678' };
    assert.doesNotMatch(JSON.stringify(startedWith(parameters)), /gold|cus_8812|0612345678/);
    t.after(() => setParameterTags([]));
    setParameterTags(['plan', 'customer_id', 'constructor']);
    const fact = startedWith(parameters);
    assert.deepEqual([fact.tags, fact.customerId], [{ plan: 'gold' }, 'cus_8812']);
    assert.doesNotMatch(JSON.stringify(fact), /0612345678/);
  });

  it('believes no other direction, and needs no parameters', () => {
    assert.equal(startedWith({ direction: 'sideways' }).direction, undefined);
    assert.equal(startedWith(undefined).callId, 'CA1');
  });

  it('starts one call, however often it says so', () => {
    takeFacts();
    const socket = new MediaSocket(CARRIERS, ROOT_CONTEXT);
    for (let i = 0; i < 3; i++) socket.received(start({}));
    socket.closed();
    socket.closed();
    assert.equal(takeFacts().length, 1);
  });

  it('has its call while its handlers hear of the stop, and not after', () => {
    const socket = new MediaSocket(CARRIERS, ROOT_CONTEXT);
    socket.received(start({}));
    socket.received(json({ event: 'stop' }));
    assert.equal(activeCall(socket.context)?.id, 'CA1');
    socket.handled();
    assert.equal(activeCall(socket.context), undefined);
  });

  it('leaves nothing open and never throws, whatever is said on it', () => {
    const event = fc.constantFrom('connected', 'start', 'media', 'mark', 'stop', 'clear', 'dtmf');
    const message = fc.oneof(
      fc.anything(),
      fc.record({ event, start: fc.anything(), mark: fc.anything(), media: fc.anything() }).map(json),
      fc.constant(start({})),
      fc.constant(json({ event: 'media', media: { payload: 'AAAA' } })),
      fc.constant(json({ event: 'mark', mark: { name: 'a' } })),
    );
    const open = openCallCount();
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), message), { maxLength: 20 }), (messages) => {
        const socket = new MediaSocket(CARRIERS, ROOT_CONTEXT);
        for (const [incoming, data] of messages) {
          if (!incoming) socket.sent(data);
          else {
            socket.received(data);
            socket.handled();
          }
        }
        socket.closed();
        assert.equal(openCallCount(), open);
      }),
    );
  });
});
