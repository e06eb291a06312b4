import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { requestsOf } from '../../../cli/incidents/requests.ts';
import { IncidentWorker, Webhook } from '../../../exporter/incident-watch/index.ts';
import { lookForIncidents } from '../../../exporter/incident-watch/look.ts';
import { sendDue } from '../../../exporter/incident-watch/messenger.ts';
import { webhookKey } from '../../../exporter/incident-watch/signature.ts';
import type { IncidentJson } from '../../../exporter/incidents/json.ts';
import { watchedTurns } from '../../../exporter/incidents/turns.ts';
import {
  Journal,
  listIncidents,
  openIncidents,
  openPostgres,
  writeCallRows,
} from '../../../exporter/store/index.ts';
import type { IncidentAnswer, IncidentsAnswer } from '../../../ui/shared/api.ts';
import { CliLines } from '../../support/cli.ts';
import { recordedFacts } from '../../support/otlp-json.ts';
import { type PageUnderTest, startPage } from '../../support/page.ts';
import { poll } from '../../support/poll.ts';
import { packageRoot } from '../../support/root.ts';
import { slowedCalls } from '../../support/slowed-calls.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const [MINUTE, HOUR] = [60e6, 3_600e6];
const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
const BUDGET = { budget: 1.2, tells: true };

describe('incidents of a database', () => {
  let page: PageUnderTest;
  const now = Date.now() * 1_000;
  const slow = { from: now - 30 * MINUTE, seconds: 0.4 };
  const time = { from: now - 4 * HOUR, until: now - 2 * MINUTE, slow };
  const calls = [...slowedCalls(time), ...slowedCalls({ ...time, tenant: 'acme', seed: 3 })];
  before(async () => {
    page = await startPage((db) => db.transaction((tx) => writeCallRows(tx, calls, 'test')));
  });
  const cli = new CliLines();
  after(async () => {
    await cli.stop();
    await page?.stop();
  });

  const earshot = (...args: string[]) =>
    cli.run(args, { cwd: packageRoot, env: { EARSHOT_DATABASE_URL: page.databaseUrl } });

  test('of several processes one looks, each time once, and a look that fails changes nothing', async () => {
    const failing = lookForIncidents(
      {
        ...page.db,
        transaction: (work) =>
          page.db.transaction((tx) =>
            work({
              query: (text, params) =>
                text.startsWith('UPDATE :schema.incident_looks')
                  ? Promise.reject(new Error('killed'))
                  : tx.query(text, params),
            }),
          ),
      },
      BUDGET,
    );
    await assert.rejects(failing, /killed/);
    assert.deepEqual(await openIncidents(page.db), []);
    const others = [1, 2, 3].map(() => openPostgres({ url: page.databaseUrl }));
    try {
      const looks = await Promise.all(others.map((db) => lookForIncidents(db, BUDGET)));
      const opened = looks.flatMap((look) => look.opened);
      assert.deepEqual(opened.map(({ owner }) => [owner.tenant, owner.part]).sort(), [
        ['acme', 'tts'],
        ['default', 'tts'],
      ]);
      const again = await lookForIncidents(page.db, BUDGET);
      assert.deepEqual([again.opened, again.closed], [[], []]);
      assert.ok(again.againMs > 0 && again.againMs <= 330_000, `${again.againMs}`);
    } finally {
      await Promise.all(others.map((db) => db.close()));
    }
    const [incident] = await openIncidents(page.db);
    assert.ok(incident);
    assert.ok(Math.abs(incident.since - slow.from) < 3 * MINUTE, `${incident.since - slow.from}`);
  });

  test('the webhook is told once of each, signed, and again until it takes it', async () => {
    const heard: { id: string; body: string; isSigned: boolean }[] = [];
    let status = 503;
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const [id, at] = [String(request.headers['webhook-id']), request.headers['webhook-timestamp']];
        const body = Buffer.concat(parts).toString();
        const key = webhookKey(SECRET);
        const expected = createHmac('sha256', key ?? '')
          .update(`${id}.${at}.${body}`)
          .digest('base64');
        heard.push({ id, body, isSigned: request.headers['webhook-signature'] === `v1,${expected}` });
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const webhook = new Webhook(`http://127.0.0.1:${port}/`, SECRET);
    const fates: string[] = [];
    const send = () =>
      sendDue(page.db, webhook, {
        signal: new AbortController().signal,
        onFate: (fate) => fates.push(fate),
      });
    const waiting = () =>
      page.db.query<{ attempts: number; seconds: number; ago: number }>(
        `SELECT attempts, extract(epoch FROM due_at - clock_timestamp())::double precision AS seconds,
           extract(epoch FROM clock_timestamp() - queued_at)::double precision AS ago FROM :schema.incident_messages`,
      );
    // In an hour: how long this test takes does not matter.
    const putOff = () =>
      page.db.query(
        "UPDATE :schema.incident_messages SET due_at = due_at + interval '1 h' WHERE attempts > 0 AND due_at < now() + interval '30 min'",
      );
    try {
      await send();
      await putOff();
      assert.deepEqual(fates, ['again'], 'who does not take one is not asked to take the next');
      await send();
      await putOff();
      assert.deepEqual(fates, ['again', 'again']);
      for (const { attempts, seconds, ago } of await waiting()) {
        assert.equal(attempts, 1);
        // After five seconds, give or take a tenth.
        assert.ok(seconds + ago > 3_604.4 && seconds < 3_605.6, `${seconds} s`);
      }
      // None is due.
      await send();
      assert.equal(heard.length, 2);
      status = 200;
      await page.db.query("UPDATE :schema.incident_messages SET due_at = now() - interval '1 s'");
      await Promise.all([send(), send()]);
      assert.deepEqual(await waiting(), []);
    } finally {
      server.close();
      server.closeAllConnections();
    }
    assert.deepEqual(fates.slice(2), ['taken', 'taken']);
    assert.ok(heard.every(({ isSigned }) => isSigned));
    assert.equal(new Set(heard.map(({ id }) => id)).size, 2);
    const { type, data } = JSON.parse(heard[0]?.body ?? '') as { type: string; data: IncidentJson };
    assert.equal(type, 'incident.opened');
    assert.match(
      data.text,
      /^tts cartesia sonic-2 in eu-central-1 \+[34]\d\d ms at p95 since \d\d:\d\d UTC /,
    );
    assert.doesNotMatch(JSON.stringify(heard), /"call|-0"/);
  });

  test('the command lists them, shows one, and writes what the provider needs', async (t) => {
    const { code, stdout, stderr } = await earshot('incidents', '--open', '--json', '--tenant', 'default');
    assert.equal(code, 0, stderr);
    const { incidents } = JSON.parse(stdout) as { incidents: IncidentJson[] };
    const [incident] = incidents;
    assert.equal(incidents.length, 1);
    assert.ok(incident?.id);
    const list = await earshot('incidents');
    assert.match(list.stdout, /^INCIDENT +TENANT +OWNER +SINCE +OPENED +CLOSED +TURNS$/m);
    assert.match(
      list.stdout,
      /^tts cartesia sonic-2 in eu-central-1 \+[34]\d\d ms at p95 since \d\d:\d\d \(/m,
    );
    const one = await earshot('incident', incident.id.slice(0, 8));
    assert.match(one.stdout, /^endpointing setting +500 ms +500 ms$/m, one.stderr);
    const file = join(await temporaryFolder(t), 'bundle.json');
    const written = await earshot('incident', incident.id, '--out', file);
    assert.match(written.stdout, /: incident \w+, 50 slow requests, nothing that was said$/m, written.stderr);
    const bundle = readFileSync(file, 'utf8');
    assert.match(bundle, /"model": "sonic-2"/);
    assert.doesNotMatch(bundle, /default|front-desk|gpt/);
    const twice = await earshot('incident', incident.id, '--out', file);
    assert.equal(twice.code, 1);
    assert.match(twice.stderr, /bundle\.json is there already/);
    assert.match((await earshot('incident', 'ffffffffffff')).stderr, /there is no incident "ffffffffffff"/);
    assert.equal((await earshot('incident')).code, 2);
  });

  test('--open lists those that were opened long ago, too, and where nothing looks it is said', async () => {
    const looks = page.db.query<{ looked_until: string }>(
      'SELECT looked_until::text AS looked_until FROM :schema.incident_looks',
    );
    const [look] = await looks;
    const shift = (by: string) =>
      page.db.query(`UPDATE :schema.incidents SET opened_at = opened_at ${by} interval '30 days'`);
    const listed = async (...args: string[]) => {
      const { stdout, stderr } = await earshot('incidents', '--json', ...args);
      return { count: JSON.parse(stdout).incidents.length as number, stderr };
    };
    await shift('-');
    await page.db.query("UPDATE :schema.incident_looks SET looked_until = now() - interval '8 days'");
    const open = await listed('--open');
    assert.ok(open.count > 0);
    assert.match(open.stderr, /^earshot: nothing has looked for incidents since \d{4}-/m);
    assert.equal((await listed('--open', '--since', '7d')).count, 0);
    assert.equal((await listed()).count, 0);
    await shift('+');
    await page.db.query('UPDATE :schema.incident_looks SET looked_until = $1::timestamptz', [
      look?.looked_until,
    ]);
  });

  test('the provider is told what it calls the slow requests, as spans of real agents say it', async () => {
    const idsOf = async (name: string, part: 'stt' | 'llm' | 'tts') => {
      const facts = recordedFacts(name);
      await new Journal(page.db).append(facts);
      const [call] = facts.filter(({ type }) => type === 'call');
      const [turn] = watchedTurns(calls[0] ?? assert.fail());
      assert.ok(call && turn);
      const slow = [1, 2].map((turnIndex) => ({
        turn: { ...turn, callId: call.callId, turnIndex },
        seconds: 0.5,
      }));
      const owner = { tenant: 'default', part, kind: 'model', name: part } as const;
      return (await requestsOf(page.db, owner, slow, 3_600_000)).map(({ request_ids }) => request_ids);
    };
    // A synthesis is a stream of attempts; a request to a language model has an id that it answers with.
    assert.deepEqual(await idsOf('livekit-python', 'tts'), [['29cda3ba4ce7'], ['ae9236c49765']]);
    assert.deepEqual(await idsOf('livekit-js', 'tts'), [['tone'], ['tone']]);
    const session = '0ccc1638-18cd-42db-a0dc-1861e8aaad3b';
    assert.deepEqual(await idsOf('livekit-js', 'stt'), [[session], [session]]);
    const [first = []] = await idsOf('livekit-js', 'llm');
    assert.deepEqual(first, [
      'chatcmpl-994562f9125645e3a666cca9afeed92b',
      'chatcmpl-c256bff27a80414aaa91ea2f18ba6b75',
    ]);
  });

  test('a replay finds the same from the rows alone, and writes nothing', async () => {
    const before = await listIncidents(page.db, {}, 10);
    const { code, stdout, stderr } = await earshot('incidents', '--replay', '--since', '2h', '--json');
    assert.equal(code, 0, stderr);
    const { incidents } = JSON.parse(stdout) as { incidents: IncidentJson[] };
    assert.deepEqual(incidents.map(({ tenant, part }) => [tenant, part]).sort(), [
      ['acme', 'tts'],
      ['default', 'tts'],
    ]);
    assert.deepEqual(await listIncidents(page.db, {}, 10), before);
    assert.equal((await earshot('incidents', '--replay', '--open')).code, 2);
  });

  test('the API of the page gives them, and the turns of one', async () => {
    const get = async <T>(path: string): Promise<T> =>
      (await (await fetch(`${page.url}${path}`)).json()) as T;
    const { incidents } = await get<IncidentsAnswer>('/api/incidents?open=1&tenant=acme');
    assert.deepEqual(
      incidents.map(({ tenant }) => tenant),
      ['acme'],
    );
    const answer = await get<IncidentAnswer>(`/api/incidents/${incidents[0]?.id}`);
    assert.equal(answer.slow_turns.length, 100);
    assert.ok(answer.slow_turns.every(({ tenant, seconds }) => tenant === 'acme' && seconds > 0.4));
    assert.equal((await fetch(`${page.url}/api/incidents/ffffffffffff`)).status, 404);
  });

  test('a worker closes what is over, says so, and lives through a database that is away', async () => {
    const lines: string[] = [];
    const say = (message: string, fields: object = {}) => lines.push(`${message} ${JSON.stringify(fields)}`);
    // As if they had been seen a day ago.
    await page.db.query("UPDATE :schema.incidents SET opened_at = opened_at - interval '25 hours'");
    await page.db.query(
      "UPDATE :schema.incident_looks SET looked_until = looked_until - interval '10 minutes'",
    );
    let isAway = true;
    const away = () => Promise.reject(Object.assign(new Error('no'), { code: 'ECONNREFUSED' }));
    const worker = new IncidentWorker(
      {
        query: (text, params) => (isAway ? away() : page.db.query(text, params)),
        transaction: (work) => (isAway ? away() : page.db.transaction(work)),
        close: async () => {},
      },
      { budget: 1.2, log: { info: say, warn: say }, pollMs: 20 },
    );
    worker.start();
    try {
      await poll(() => lines.length > 0);
      assert.deepEqual(lines, [
        'incidents cannot be looked for, and are tried again later {"error":"ECONNREFUSED"}',
      ]);
      isAway = false;
      await poll(() => lines.filter((line) => line.startsWith('an incident is over')).length === 2);
    } finally {
      await worker.stop();
    }
    assert.match(lines.join('\n'), /"closed_as":"lasting"/);
  });
});
