import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Database, openPostgres } from '../../../exporter/store/index.ts';
import { getCallLogs, getCallMetrics } from '../../../exporter/store/read.ts';
import { PLATFORMS, type PlatformName } from '../../../model/vocabulary.ts';
import { startReceiver, startServe, type TestReceiver, untilReady } from '../../support/otlp-server.ts';
import { recentReportOf, SECRET, SIGN, twilioCallback } from '../../support/platforms.ts';
import { poll } from '../../support/poll.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';

const PUBLIC = 'https://earshot.example.com';
const MAX_BODY = 200_000;

let postgres: TestPostgres;
let db: Database;
let server: TestReceiver;
const stops: (() => unknown)[] = [];
const suite = { after: (stop: () => unknown) => void stops.unshift(stop) } as Parameters<
  typeof startReceiver
>[0];
const webhooks = {
  vapiSecret: SECRET,
  retellSecret: SECRET,
  blandSecret: SECRET,
  elevenlabsSecret: SECRET,
  twilioSecret: SECRET,
  webhookUrl: PUBLIC,
  captureContent: false,
  tags: [],
};

before(async () => {
  postgres = await startPostgres();
  const url = await postgres.createMigrated();
  db = openPostgres({ url });
  // A token is asked for everywhere else: a platform has none.
  server = await startReceiver(suite, url, { webhooks, authToken: 'x'.repeat(32), maxBodyBytes: MAX_BODY });
  await untilReady(server.url);
});
after(async () => {
  for (const stop of stops) await stop();
  await db.close();
  await postgres.stop();
});

const post = (platform: string, body: string, headers: Record<string, string>) =>
  fetch(`${server.url}/webhooks/${platform}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
const deliver = (platform: PlatformName, report: unknown) => {
  const body = JSON.stringify(report);
  return post(platform, body, SIGN[platform](body));
};
const refusal = async (answer: Response): Promise<[number, string]> => [
  answer.status,
  ((await answer.json()) as { message: string }).message,
];

const spans = async (callId: string): Promise<number> => {
  const rows = await db.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM :schema.call_spans WHERE call_id = $1',
    [callId],
  );
  return rows[0]?.count ?? 0;
};

const IDS: Readonly<Record<PlatformName, string>> = {
  vapi: '019aab10-0000-7000-8000-000000000001',
  retell: 'call_a4441234567890abcdef',
  elevenlabs: 'conv_01jxbookatable',
  bland: 'c52a2ad1-4c7d-4c8b-9a53-2f4b7b2f0e11',
};

for (const platform of PLATFORMS)
  describe(`the webhook of ${platform}`, () => {
    it('turns a report into the rows of its call, once, however often it comes', async () => {
      const report = recentReportOf(platform);
      const answer = await deliver(platform, report);
      assert.deepEqual([answer.status, await answer.json()], [200, {}]);
      const row = await poll(() => getCallMetrics(db, IDS[platform]));
      assert.equal(row.platform, platform);
      const logs = await getCallLogs(db, IDS[platform]);
      assert.equal(logs.length, row.turn_count);
      assert.ok(logs.every(({ user_text, agent_text }) => user_text === null && agent_text === null));
      const before = await spans(IDS[platform]);
      assert.equal((await deliver(platform, report)).status, 200);
      assert.equal(await spans(IDS[platform]), before);
      const again = await getCallMetrics(db, IDS[platform]);
      assert.deepEqual(again, row);
    });

    it('refuses another signature, another body, another secret and none', async () => {
      const body = JSON.stringify({ ...recentReportOf(platform), more: 1 });
      const signed = SIGN[platform](body);
      for (const headers of [
        SIGN[platform](body, 'another secret'),
        SIGN[platform](`${body} `),
        Object.fromEntries(Object.entries(signed).map(([name, value]) => [name, `${value}00`])),
        {},
      ])
        assert.equal((await post(platform, body, headers)).status, 401);
    });

    it('refuses what was signed too long ago, or is of the future', async () => {
      if (platform === 'bland') return; // It signs no instant.
      const body = JSON.stringify(recentReportOf(platform));
      for (const offMs of [-31 * 60_000, 31 * 60_000]) {
        const answer = await post(platform, body, SIGN[platform](body, SECRET, Date.now() + offMs));
        assert.deepEqual((await refusal(answer))[0], 401);
      }
    });

    it('refuses what is no report: no JSON, another type, too deep, too long', async () => {
      for (const [body, status] of [
        ['', 400],
        ['hello', 400],
        ['[1]', 400],
        ['null', 400],
        ['"text"', 400],
        [`${'['.repeat(5_000)}${']'.repeat(5_000)}`, 400],
        [`{"a":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_001)}`, 400],
        [JSON.stringify({ a: 'x'.repeat(MAX_BODY) }), 413],
      ] as const) {
        const [seen, message] = await refusal(await post(platform, body, SIGN[platform](body)));
        assert.equal(seen, status, body.slice(0, 20));
        assert.ok(message.length > 10);
      }
    });

    it('is not there without a secret, and says how it would be', async (t) => {
      const off = await startReceiver(t, await postgres.createMigrated(), {
        webhooks: { captureContent: false, tags: [] } as unknown as typeof webhooks,
      });
      const answer = await fetch(`${off.url}/webhooks/${platform}`, { method: 'POST', body: '{}' });
      assert.deepEqual(await refusal(answer), [
        404,
        `this webhook is off: set EARSHOT_${platform.toUpperCase()}_SECRET to switch it on`,
      ]);
    });
  });

describe('the webhook of Vapi', () => {
  it('takes a bearer token and the older secret as well, and no other', async () => {
    const body = JSON.stringify(recentReportOf('vapi'));
    for (const headers of [{ authorization: `Bearer ${SECRET}` }, { 'x-vapi-secret': SECRET }])
      assert.equal((await post('vapi', body, headers)).status, 200);
    for (const headers of [{ authorization: 'Bearer other' }, { 'x-vapi-secret': `${SECRET}x` }])
      assert.equal((await post('vapi', body, headers as Record<string, string>)).status, 401);
  });

  it('names the place of what is wrong', async () => {
    const report = recentReportOf('vapi') as { message: { call: Record<string, unknown> } };
    report.message.call.id = 7;
    assert.deepEqual(await refusal(await deliver('vapi', report)), [400, 'message.call.id: expected an id']);
    const odd = recentReportOf('vapi') as { message: { artifact: Record<string, unknown> } };
    odd.message.artifact.messages = 'none';
    assert.deepEqual(await refusal(await deliver('vapi', odd)), [
      400,
      'message.artifact.messages: expected a list',
    ]);
    const old = recentReportOf('vapi') as { message: Record<string, unknown> };
    old.message.startedAt = '1971-01-01T00:00:00Z';
    assert.equal((await deliver('vapi', old)).status, 400);
  });

  it('takes and leaves messages that end no call', async () => {
    assert.equal(
      (await deliver('vapi', { message: { type: 'status-update', status: 'ringing' } })).status,
      200,
    );
  });

  it('answers a GET, and a packed body, with what it expects', async () => {
    const get = await fetch(`${server.url}/webhooks/vapi`);
    assert.equal(get.status, 405);
    const packed = await post('vapi', '{}', { 'content-encoding': 'gzip' });
    assert.equal(packed.status, 415);
  });
});

describe('the webhook of Twilio', () => {
  const callSid = 'CA0123456789abcdef0123456789abcde0';
  const over = (fields: Record<string, string>) => ({
    AccountSid: 'AC1',
    CallSid: callSid,
    From: '+14155550123',
    To: '+14155550199',
    Direction: 'outbound-api',
    Timestamp: new Date().toUTCString(),
    SequenceNumber: '3',
    ...fields,
  });
  const callBack = (fields: Record<string, string>, signedAs = `${PUBLIC}/webhooks/twilio`) =>
    fetch(`${server.url}/webhooks/twilio`, twilioCallback(signedAs, fields));

  it('gives a call that was never answered its row, outcome and SIP code', async () => {
    const fields = over({ CallStatus: 'busy', SipResponseCode: '486', CallDuration: '0' });
    assert.equal((await callBack(fields)).status, 200);
    const row = await poll(() => getCallMetrics(db, callSid));
    assert.deepEqual(
      [row.outcome, row.outcome_source, row.end_reason, row.direction, row.billed_seconds],
      ['BUSY', 'sip', 'busy', 'outbound', 0],
    );
    assert.equal(row.cost_telephony?.toFixed(), '0');
    const stored = await db.query('SELECT facts FROM :schema.call_spans WHERE call_id = $1', [callSid]);
    assert.doesNotMatch(JSON.stringify(stored), /4155550/);
  });

  it('bills the minutes that Twilio says, and has the verdict of its machine detection', async () => {
    const sid = callSid.replace(/0$/, '1');
    const machine = over({ CallSid: sid, CallStatus: 'in-progress', AnsweredBy: 'machine_end_beep' });
    assert.equal((await callBack(machine)).status, 200);
    const fields = over({
      CallSid: sid,
      CallStatus: 'completed',
      SipResponseCode: '200',
      CallDuration: '61',
      Duration: '2',
    });
    for (let i = 0; i < 2; i++) assert.equal((await callBack(fields)).status, 200);
    const row = await poll(() => getCallMetrics(db, sid));
    assert.deepEqual(
      [row.outcome, row.outcome_source, row.billed_seconds, row.duration_seconds],
      ['VOICEMAIL', 'amd', 120, 61],
    );
    assert.equal(row.cost_telephony?.toFixed(), '0.028');
    assert.equal(await spans(sid), 2);
  });

  it('takes an address with its port, and refuses another address, field and secret', async () => {
    const fields = over({ CallSid: callSid.replace(/0$/, '2'), CallStatus: 'failed' });
    const withPort = 'https://earshot.example.com:443/webhooks/twilio';
    assert.equal((await callBack(fields, withPort)).status, 200);
    const [status, message] = await refusal(
      await callBack(fields, 'https://other.example.com/webhooks/twilio'),
    );
    assert.equal(status, 401);
    assert.match(message, /EARSHOT_WEBHOOK_URL/);
    const changed = twilioCallback(`${PUBLIC}/webhooks/twilio`, fields);
    const answer = await fetch(`${server.url}/webhooks/twilio`, {
      ...changed,
      body: `${changed.body}&Extra=1`,
    });
    assert.equal(answer.status, 401);
  });

  it('takes and leaves what ends no call', async () => {
    assert.equal((await callBack(over({ CallStatus: 'ringing' }))).status, 200);
    assert.equal((await callBack({ CallSid: 'nonsense', CallStatus: 'completed' })).status, 200);
  });
});

describe('earshot serve', () => {
  it('has the webhooks whose secrets are in its environment, and logs none of them', async (t) => {
    const databaseUrl = await postgres.createMigrated();
    const serve = await startServe(t, {
      EARSHOT_DATABASE_URL: databaseUrl,
      EARSHOT_RETELL_SECRET: SECRET,
      EARSHOT_LOG_LEVEL: 'debug',
      EARSHOT_TAGS: 'plan',
      OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true',
    });
    await untilReady(serve.url);
    const body = JSON.stringify(recentReportOf('retell'));
    const answer = await fetch(`${serve.url}/webhooks/retell`, {
      method: 'POST',
      headers: SIGN.retell(body),
      body,
    });
    assert.equal(answer.status, 200);
    assert.equal((await fetch(`${serve.url}/webhooks/vapi`, { method: 'POST', body })).status, 404);
    const headers = SIGN.retell(body, 'another secret');
    assert.equal(
      (await fetch(`${serve.url}/webhooks/retell`, { method: 'POST', headers, body })).status,
      401,
    );
    await poll(() => /"reason":"the signature does not match"/.test(JSON.stringify(serve.lines())), {
      what: 'the log says why',
    });
    // Signed and not understood: a warning, and not one for each of them.
    for (let i = 0; i < 3; i++) {
      const odd = '{"event":"call_ended"}';
      const refused = { method: 'POST', headers: SIGN.retell(odd), body: odd };
      assert.equal((await fetch(`${serve.url}/webhooks/retell`, refused)).status, 400);
    }
    const warned = await poll(() => {
      const found = serve.lines().filter(({ level }) => level === 'warn');
      return found.length > 0 && found;
    });
    assert.equal(warned.length, 1);
    assert.deepEqual(
      [warned[0]?.message, warned[0]?.path, warned[0]?.count],
      ["a platform's report was refused", '/webhooks/retell', 1],
    );
    assert.equal(typeof warned[0]?.reason, 'string');
    const own = openPostgres({ url: databaseUrl });
    t.after(() => own.close());
    const row = await poll(() => getCallMetrics(own, IDS.retell));
    assert.deepEqual([row.tags, row.cost_platform?.toFixed()], [{ plan: 'silver' }, '0.0575']);
    assert.match(row.recording_url ?? '', /recording[.]wav$/);
    const logs = await getCallLogs(own, IDS.retell);
    assert.equal(logs[1]?.user_text, 'Hi, who is it?');
    assert.doesNotMatch(JSON.stringify(serve.lines()), new RegExp(`${SECRET}|4155550`));
  });
});

describe('the other addresses', () => {
  it('still ask for a token', async () => {
    assert.equal((await fetch(`${server.url}/v1/traces`, { method: 'POST' })).status, 401);
    assert.equal((await fetch(`${server.url}/webhooks/other`, { method: 'POST' })).status, 404);
  });
});
