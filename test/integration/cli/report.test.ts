import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Io } from '../../../cli/command.ts';
import { exportCsv, exportJson, exportJsonLines } from '../../../cli/report/export.ts';
import { listCallsAsText } from '../../../cli/report/list.ts';
import { showCall } from '../../../cli/report/one-call.ts';
import { listLiveCalls } from '../../../cli/report/running.ts';
import { Usd } from '../../../exporter/pricing/index.ts';
import { type Database, Journal, migrate, writeCallRows } from '../../../exporter/store/index.ts';
import { readSettings } from '../../../model/settings.ts';
import { logRow, metricsRow, REFERENCE_US, turnFact } from '../../support/call-rows.ts';
import { TestPglite } from '../../support/pglite.ts';

/** What a command wrote. `reads`: parts after which the reader has gone. */
function recording(screen = Number.POSITIVE_INFINITY, reads = Number.POSITIVE_INFINITY) {
  const written = { out: '', err: '', parts: 0 };
  const io: Io = {
    out: (text) => {
      written.out += `${text}\n`;
    },
    err: (text) => {
      written.err += `${text}\n`;
    },
    stream: async (text) => {
      written.out += text;
      written.parts += 1;
      return written.parts < reads;
    },
    colour: false,
    width: Math.min(screen, 100),
    screen,
  };
  return { io, written };
}

const SECOND_US = 1_000_000;
const settings = readSettings({ env: {} });

const calls = Array.from({ length: 61 }, (_, n) => {
  const callId = `CA${String(n).padStart(4, '0')}-0123456789abcdef`;
  return {
    metrics: metricsRow(callId, {
      started_at: REFERENCE_US + n * SECOND_US,
      turn_count: 1,
      service_version: '2.4.1',
      tags: { plan: 'gold' },
      eou_latency_p50: 1,
      eou_latency_p95: 1,
      eou_latency_max: 1,
      agent_name: n === 0 ? '=cmd' : 'front-desk',
      outcome: 'SUCCESS',
      cost_llm: new Usd('0.00003'),
      cost_total: new Usd('0.00003'),
      unpriced: n === 60 ? ['tts:unknown'] : [],
    }),
    logs: [
      logRow(callId, 0, {
        created_at: REFERENCE_US + n * SECOND_US,
        initiator: 'user',
        eou_latency: 1,
        segment_endpointing: 0.3333,
        segment_llm: 0.3334,
        segment_tts: 0.3333,
        eou_source: 'vad',
        llm_provider: 'groq',
        llm_model: 'llama-3.1-8b',
        ttfb_llm: 0.3334,
        playback_source: n === 60 ? 'estimated' : 'observed',
        cost_llm: new Usd('0.00003'),
        cost_total: new Usd('0.00003'),
      }),
    ],
  };
});
const LATEST = 'CA0060-0123456789abcdef';

describe('earshot report', () => {
  let pglite: TestPglite;
  let db: Database;
  before(async () => {
    pglite = await TestPglite.start();
    db = await pglite.createDatabase();
    await migrate(db);
    await db.transaction((tx) => writeCallRows(tx, calls, 'test'));
  });
  after(() => pglite.stop());

  it('totals what was asked for and not what is shown, and says so', async () => {
    const { io, written } = recording();
    await listCallsAsText(db, {}, { limit: 20, utc: true }, io);
    assert.equal(written.out.match(/^CA0\d+/gm)?.length, 20);
    assert.match(written.out, /^61 calls, 20 shown, 61 turns$/m);
    assert.match(written.out, /^outcomes +SUCCESS 61$/m);
    // 61 × $0.00003, a sum that four places would round to another.
    assert.match(written.out, /^cost +\$0\.0018\+ {3}llm \$0\.0018$/m);
  });

  it('ends with the answer: the slowest part, and the slowest model in it', async () => {
    const { io, written } = recording();
    await listCallsAsText(db, {}, { limit: 1 }, io);
    assert.match(
      written.out,
      /\nSlowest part: llm, 34 % of the silence; slowest model: groq llama-3\.1-8b, 333 ms to its first word on average over 61 turns\.\n$/,
    );
    assert.match(written.out, /^where it goes +endpointing 33 % {3}llm 34 % {3}tts 33 %$/m);
  });

  it('says whose the silence is in the turns that are over the target', async () => {
    const { io, written } = recording();
    await listCallsAsText(db, {}, { limit: 1, targetSeconds: 0.9 }, io);
    assert.match(
      written.out,
      /^silence over 0\.9 s: whose it is +61 turns {3}llm groq llama-3\.1-8b 34 % {3}endpointing setting 33 %\s+tts 33 %$/m,
    );
    const { io: other, written: without } = recording();
    await listCallsAsText(db, {}, { limit: 1, targetSeconds: 1 }, other);
    assert.doesNotMatch(without.out, /whose it is/);
  });

  it('marks what is estimated, at least so much, or not known, and says what the marks mean', async () => {
    const { io, written } = recording();
    await listCallsAsText(db, {}, { limit: 2, utc: true }, io);
    assert.match(written.out, new RegExp(`^${LATEST} .* ~1000 ms  ~1000 ms .* \\$0\\.000030?\\+$`, 'm'));
    assert.match(written.out, /^CA0059\S+ .* 1000 ms +1000 ms .* \$0\.00003$/m);
    assert.match(
      written.out,
      /^~ estimated, \+ at least: something had no price, or no known usage, – not known$/m,
    );
    assert.match(written.out, /^~ in 1 of 61 turns the playback was not seen/m);
    assert.match(
      written.out,
      /no price, or no usage, in 1 call: text-to-speech that was not seen \(tts:unknown: docs\/sdks\.md/,
    );
  });

  it('speaks of one call as of one', async () => {
    const { io, written } = recording();
    await listCallsAsText(db, { until: REFERENCE_US + SECOND_US }, { limit: 20 }, io);
    assert.match(written.out, /^1 call, 1 turn$/m);
    assert.match(written.out, /on average over 1 turn\./);
  });

  it('fits a screen of 60 columns, and takes an id as it was cut there', async () => {
    const narrow = recording(60);
    await listCallsAsText(db, {}, { limit: 20 }, narrow.io);
    await showCall(db, LATEST, {}, narrow.io);
    const lines = narrow.written.out.split('\n');
    assert.deepEqual(
      lines.filter((line) => line.length > 60),
      [],
    );
    const cut = /^(CA0060\S*…)/m.exec(narrow.written.out)?.[1];
    assert.ok(cut !== undefined && cut.length >= 12);
    const whole = recording();
    await showCall(db, cut, {}, whole.io);
    assert.match(whole.written.out, new RegExp(`^Call ${LATEST}$`, 'm'));
  });

  it('gives a file whole ids', async () => {
    const { io, written } = recording();
    await listCallsAsText(db, {}, { limit: 1 }, io);
    assert.ok(written.out.includes(LATEST));
  });

  it('shows segments that add up to the silence', async () => {
    const { io, written } = recording();
    await showCall(db, LATEST, {}, io);
    const [, sum, parts = ''] = /(\d+) ms of silence = (.*) ms/.exec(written.out) ?? [];
    const shares = [...parts.matchAll(/\d+/g)].map(Number);
    assert.equal(
      shares.reduce((a, b) => a + b),
      Number(sum),
    );
    assert.deepEqual(shares, [333, 334, 333]);
  });

  it('says which calls an id could mean, and that there is none', async () => {
    const { io } = recording();
    await assert.rejects(
      showCall(db, 'CA005', {}, io),
      /several calls begin with "CA005": CA0059.*Give more of the id/,
    );
    await assert.rejects(showCall(db, 'CA9', {}, io), /no finished call "CA9", and none whose id begins so/);
  });

  it('shows a call that goes on, in the list of those and by its id', async () => {
    await new Journal(db, {}).append([
      turnFact('CB-live', 0, {
        startUs: REFERENCE_US + 90 * SECOND_US,
        endUs: REFERENCE_US + 95 * SECOND_US,
      }),
    ]);
    const list = recording();
    await listLiveCalls(db, { limit: 20, json: false, utc: true, settings }, list.io);
    assert.match(list.written.out, /^CB-live +2026-01-01 00:01:30 +0:05 +1 /m);
    assert.match(list.written.out, /^1 call going on\./m);
    const one = recording();
    await showCall(db, 'CB-', { settings }, one.io);
    assert.match(one.written.out, /^Call CB-live\nstarted .*going on, 0:05 so far {3}1 turn$/m);
    await assert.rejects(showCall(db, 'CB-', {}, one.io), /no finished call/);
  });

  it('says how many calls go on and whose they are, and where to see them when none has finished', async () => {
    const empty = await pglite.createDatabase();
    await migrate(empty);
    const none = recording();
    await listCallsAsText(empty, {}, {}, none.io);
    assert.match(none.written.out, /^No finished calls\. .*earshot watch/);
    await new Journal(empty, {}).append([
      turnFact('CB-ours', 0),
      turnFact('CB-theirs', 0, { tenant: 'acme' }),
    ]);
    const live = recording();
    await listCallsAsText(empty, {}, {}, live.io);
    assert.match(live.written.out, /^No finished calls\. .*earshot report --live/);
    const list = recording();
    await listLiveCalls(empty, { limit: 20, json: false, utc: true, settings }, list.io);
    assert.match(list.written.out, /^TENANT +CALL /);
    assert.match(list.written.out, /^acme +CB-theirs /m);
    assert.match(list.written.out, /^2 calls going on\./m);
    const first = recording();
    await listLiveCalls(empty, { limit: 1, json: false, utc: true, settings }, first.io);
    assert.match(first.written.out, /^CALL (.*\n)+2 calls going on, 1 shown\./);
  });

  it('streams CSV page by page, and ends when its reader has gone', async () => {
    const { io, written } = recording();
    await exportCsv(db, {}, {}, io);
    assert.equal(written.out.split('\r\n').length, 1 + 61 + 1);
    assert.match(written.out, /,'=cmd,/);
    const impatient = recording(undefined, 1);
    await exportCsv(db, {}, {}, impatient.io);
    assert.equal(impatient.written.parts, 1);
  });

  it('streams JSON with turns, one call a line or as one', async () => {
    const lines = recording();
    await exportJsonLines(db, { tags: { plan: 'gold' } }, { limit: 3 }, lines.io);
    const calls = lines.written.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      calls.map(({ call_id, cost_total, turns }) => [call_id.slice(0, 6), cost_total, turns.length]),
      [
        ['CA0060', '0.00003', 1],
        ['CA0059', '0.00003', 1],
        ['CA0058', '0.00003', 1],
      ],
    );
    const one = recording();
    await exportJson(db, {}, { limit: 3 }, one.io);
    const json = JSON.parse(one.written.out);
    assert.deepEqual(json.calls, calls);
    assert.deepEqual([json.totals.calls, json.totals.cost_total, json.totals.every], [61, '0.00183', 1]);
    const none = recording();
    await exportJson(db, { agent: ['no one'] }, {}, none.io);
    assert.deepEqual(JSON.parse(none.written.out).calls, []);
  });
});
