import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { followCallbacks } from '../../../instrumentation/sdks/index.ts';
import type { Fact } from '../../../model/facts.ts';
import { callsOf } from '../../support/facts.ts';
import { twilioCallback } from '../../support/platforms.ts';
import { poll } from '../../support/poll.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';

const CALL = 'CA0123456789abcdef0123456789abcde0';

/** Ways in which applications read a body. */
const READERS: Readonly<Record<string, (request: IncomingMessage) => Promise<string>>> = {
  'by events': async (request) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    await once(request, 'end');
    return body;
  },
  'by iteration': async (request) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    return body;
  },
  'when it is asked to read': async (request) => {
    let body = '';
    request.on('readable', () => {
      for (let chunk = request.read(); chunk !== null; chunk = request.read()) body += chunk;
    });
    await once(request, 'end');
    return body;
  },
};

describe("a status callback of Twilio's", () => {
  let server: Server;
  let url = '';
  let listener: RequestListener = () => {};
  before(async () => {
    recordSpans();
    followCallbacks();
    followCallbacks();
    server = createServer((request, response) => listener(request, response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/status`;
  });
  after(() => server.close());

  const fields = (more: Record<string, string> = {}) => ({
    AccountSid: 'AC1',
    CallSid: CALL,
    From: '+14155550123',
    To: '+14155550199',
    Direction: 'inbound',
    CallStatus: 'completed',
    CallDuration: '61',
    Duration: '2',
    SipResponseCode: '200',
    Timestamp: new Date().toUTCString(),
    SequenceNumber: '3',
    ...more,
  });
  const post = async (form: Record<string, string>): Promise<number> => {
    const answer = await fetch(url, twilioCallback(url, form));
    await answer.text();
    return answer.status;
  };
  const answering =
    (status = 200, read = READERS['by events']): RequestListener =>
    async (request, response) => {
      await read?.(request);
      response.writeHead(status).end();
    };
  /** Facts of a call, when something came. */
  const facts = async (): Promise<Fact[]> => {
    const seen: Fact[] = [];
    await poll(() => seen.push(...takeFacts()) > 0);
    return seen;
  };

  for (const [how, read] of Object.entries(READERS))
    it(`is read with the application, ${how}, and changes nothing for it`, async () => {
      takeFacts();
      let body = '';
      listener = async (request, response) => {
        body = await read(request);
        // Later, as where a database is asked first.
        setTimeout(() => response.writeHead(204).end(), 5);
      };
      const form = fields();
      assert.equal(await post(form), 204);
      assert.equal(body, new URLSearchParams(form).toString());
      const seen = await facts();
      const [fact] = callsOf(seen);
      assert.deepEqual(
        [
          fact?.callId,
          fact?.transport,
          fact?.direction,
          fact?.endReason,
          fact?.sipStatusCode,
          fact?.billedSeconds,
        ],
        [CALL, 'twilio', 'inbound', 'completed', 200, 120],
      );
      assert.doesNotMatch(JSON.stringify(seen), /4155550/);
    });

  it('adds to the call that the agent had, whose own times stand', async () => {
    takeFacts();
    listener = answering();
    const call = new Call({ id: CALL, transport: 'twilio', direction: 'inbound', channel: 'phone' });
    call.end({ reason: 'hangup' });
    await post(fields({ AnsweredBy: 'machine_start', CallStatus: 'in-progress', Duration: '' }));
    await post(fields());
    const seen: Fact[] = [];
    await poll(() => seen.push(...takeFacts()) >= 0 && seen.length >= 3);
    const { metrics } = finalizeCall(seen, catalogue());
    assert.deepEqual([metrics.started_at, metrics.leg_count], [call.startUs, 1]);
    assert.deepEqual(
      [metrics.outcome, metrics.outcome_source, metrics.billed_seconds],
      ['VOICEMAIL', 'amd', 120],
    );
    // Two minutes, where the call was not a second long.
    assert.equal(metrics.cost_telephony?.toFixed(), '0.017');
  });

  it('of a leg that the call was put through to is a leg of that call, billed by its own direction', async () => {
    takeFacts();
    listener = answering();
    const child = CALL.replace(/0$/, '1');
    await post(fields());
    const leg = fields({
      CallSid: child,
      ParentCallSid: CALL,
      Direction: 'outbound-dial',
      Duration: '3',
      CallDuration: '150',
    });
    await post(leg);
    await post(leg);
    const seen: Fact[] = [];
    await poll(() => seen.push(...takeFacts()) >= 0 && seen.length >= 3);
    const { metrics } = finalizeCall(seen, catalogue());
    assert.deepEqual(
      [metrics.call_id, metrics.direction, metrics.leg_count, metrics.billed_seconds],
      [CALL, 'inbound', 2, 300],
    );
    // Two minutes in at 0.0085 and three out at 0.014.
    assert.equal(metrics.cost_telephony?.toFixed(), '0.059');
  });

  it('is of a call that was never answered, too', async () => {
    takeFacts();
    listener = answering();
    await post(fields({ CallStatus: 'no-answer', CallDuration: '0', Duration: '', SipResponseCode: '480' }));
    const { metrics } = finalizeCall(await facts(), catalogue());
    assert.deepEqual(
      [metrics.outcome, metrics.outcome_source, metrics.billed_seconds],
      ['NO_ANSWER', 'sip', 0],
    );
  });

  it('does not count where the application refuses it, where it is not signed, and where it is no callback', async () => {
    takeFacts();
    listener = answering(403);
    assert.equal(await post(fields()), 403);
    listener = answering();
    await fetch(url, { method: 'POST', body: new URLSearchParams(fields()) });
    await post({ Body: 'x'.repeat(100_000), CallSid: CALL, CallStatus: 'completed', Duration: '1' });
    await post({ MessageSid: 'SM1', MessageStatus: 'delivered' });
    // What counts comes after what does not.
    await post(fields({ CallSid: CALL.replace(/0$/, '9') }));
    assert.deepEqual(
      (await facts()).map(({ callId }) => callId),
      [CALL.replace(/0$/, '9')],
    );
  });
});
