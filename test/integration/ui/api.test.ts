import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { Decimal } from 'decimal.js';
import { statistics } from '../../../exporter/calls/statistics.ts';
import { getCallLogs, giveScores, keyOf, listCalls, openPostgres } from '../../../exporter/store/index.ts';
import { type CallPosition, searchCallPage } from '../../../exporter/store/views/index.ts';
import { sampleOf } from '../../../exporter/store/views/sample.ts';
import { rowJson } from '../../../model/row-json.ts';
import type { CallLogRow, StoredCallMetrics } from '../../../model/rows.ts';
import { positionText } from '../../../ui/server/selection.ts';
import type {
  CallAnswer,
  CallsAnswer,
  CheckAnswer,
  CompareAnswer,
  EndpointingAnswer,
  FactsAnswer,
  LatencyView,
  ModelsAnswer,
  QualityView,
  SpendingView,
  TotalsAnswer,
  WhatIfAnswer,
} from '../../../ui/shared/api.ts';
import { comparedLines } from '../../../ui/shared/comparison.ts';
import { type PageUnderTest, startPage } from '../../support/page.ts';
import { fillWorld } from '../../support/page-world.ts';

const CALLS = 60;
const UNTIL_US = Date.parse('2026-11-20T12:00:00Z') * 1_000;

describe('the API of the page', () => {
  let page: PageUnderTest;
  let calls: StoredCallMetrics[];
  const turns: CallLogRow[] = [];
  before(async () => {
    page = await startPage((db) => fillWorld(db, { calls: CALLS, untilUs: UNTIL_US }, 40));
    calls = await listCalls(page.db, { limit: CALLS });
    for (const { call_id } of calls) turns.push(...(await getCallLogs(page.db, call_id)));
  });
  after(() => page.stop());

  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${page.url}${path}`);
    assert.equal(response.status, 200, `${path}: ${response.status}`);
    return (await response.json()) as T;
  };

  test('calls are the rows, in pages that hold each once, in every order', async () => {
    for (const [order, column] of [
      ['started', 'started_at'],
      ['silence', 'eou_latency_p95'],
      ['cost', 'cost_total'],
      ['turns', 'turn_count'],
      ['interruptions', 'interruption_count'],
    ] as const) {
      const seen: CallsAnswer['calls'] = [];
      let after = '';
      do {
        const answer: CallsAnswer = await get(`/api/calls?since=all&limit=17&order=${order}&after=${after}`);
        seen.push(...answer.calls);
        after = answer.next ?? '';
      } while (after !== '');
      assert.equal(seen.length, CALLS, order);
      const rows = new Map(calls.map((row) => [row.call_id, row]));
      for (const { call } of seen) assert.deepEqual(call, rowJson(rows.get(call.call_id)));
      const values = seen.map(({ call }) => call[column]).filter((value) => value !== null);
      const number = (value: unknown) => (order === 'started' ? Date.parse(String(value)) : Number(value));
      assert.deepEqual(
        values.map(number),
        values.map(number).sort((a, b) => b - a),
        order,
      );
    }
  });

  test('totals are the sums of the rows, to the last digit', async () => {
    const { totals, silence } = await get<TotalsAnswer>('/api/totals?since=all');
    assert.equal(totals.calls, CALLS);
    assert.equal(totals.turns, turns.length);
    const sum = Decimal.sum(...calls.flatMap(({ cost_total }) => cost_total ?? []));
    assert.equal(new Decimal(totals.cost_total ?? 0).toFixed(), sum.toFixed());
    assert.equal(
      totals.interruptions,
      calls.reduce((count, row) => count + (row.interruption_count ?? 0), 0),
    );
    assert.equal(totals.outcomes.unknown ?? 0, calls.filter(({ outcome }) => outcome === null).length);
    const expected = statistics(turns.map(({ eou_latency }) => eou_latency));
    assert.ok(Math.abs((silence.p50 ?? 0) - (expected.p50 ?? 0)) < 1e-9);
    assert.ok(Math.abs((silence.p95 ?? 0) - (expected.p95 ?? 0)) < 1e-9);
    assert.equal(silence.turns, turns.filter(({ eou_latency }) => eou_latency !== null).length);
  });

  test('filters choose by the rows and by their turns', async () => {
    const ids = async (query: string) =>
      (await get<CallsAnswer>(`/api/calls?since=all&limit=500&${query}`)).calls
        .map(({ call }) => call.call_id)
        .sort();
    const where = (is: (row: StoredCallMetrics) => boolean) =>
      calls
        .filter(is)
        .map(({ call_id }) => call_id)
        .sort();
    const withTurn = (is: (turn: CallLogRow) => boolean) =>
      where(({ call_id }) => turns.some((turn) => turn.call_id === call_id && is(turn)));
    assert.deepEqual(
      await ids('agent=booking'),
      where((row) => row.agent_name === 'booking'),
    );
    assert.deepEqual(
      await ids('campaign=renewal&outcome=unknown'),
      where((row) => row.campaign_id === 'renewal' && row.outcome === null),
    );
    assert.deepEqual(
      await ids('interrupted=1'),
      where((row) => (row.interruption_count ?? 0) > 0),
    );
    assert.deepEqual(
      await ids('unpriced=1'),
      where((row) => row.unpriced.length > 0),
    );
    assert.deepEqual(
      await ids('failed=1'),
      withTurn((turn) => turn.error_type !== null),
    );
    assert.deepEqual(
      await ids('model=gpt-4.1-mini'),
      withTurn((turn) => turn.llm_model === 'gpt-4.1-mini'),
    );
    assert.deepEqual(
      await ids('silence_from=2&silence_to=3'),
      withTurn(({ eou_latency: s }) => s !== null && s >= 2 && s < 3),
    );
    const [first] = calls;
    assert.deepEqual(await ids(`id=${first?.call_id.slice(4, 20).toUpperCase()}`), [first?.call_id]);
    const middle = calls[20]?.started_at ?? 0;
    // A browser knows milliseconds.
    const iso = new Date(Math.ceil(middle / 1_000)).toISOString();
    assert.deepEqual(
      await ids(`until=${iso}`),
      where((row) => row.started_at < Math.ceil(middle / 1_000) * 1_000),
    );
  });

  test('a search finds each call that has a text in its id once, however few calls it looks at for one page', async () => {
    const part = 'b';
    const expected = calls.filter(({ call_id }) => call_id.toLowerCase().includes(part));
    assert.ok(expected.length > 10 && expected.length < calls.length);
    const found: string[] = [];
    let pages = 0;
    let position: CallPosition | undefined;
    do {
      const { calls: some, next } = await searchCallPage(
        page.db,
        { idPart: 'B' },
        { limit: 3, after: position, most: 7 },
      );
      found.push(...some.map(({ call_id }) => call_id));
      position = next;
      pages += 1;
    } while (position !== undefined);
    assert.deepEqual(
      found,
      expected.map(({ call_id }) => call_id),
    );
    assert.ok(pages >= CALLS / 7);
  });

  test('the call whose whole id was searched for comes at once, and once', async () => {
    const oldest = calls.at(-1)?.call_id ?? '';
    const looked = await searchCallPage(page.db, { idPart: oldest }, { limit: 3, most: 7 });
    assert.deepEqual(
      looked.calls.map(({ call_id }) => call_id),
      [oldest],
    );
    assert.ok(looked.next);
    const { calls: rest } = await searchCallPage(
      page.db,
      { idPart: oldest },
      { limit: 3, after: looked.next, most: CALLS },
    );
    assert.deepEqual(rest, []);
    const other = await searchCallPage(page.db, { idPart: oldest, agent: ['nobody'] }, { limit: 3 });
    assert.deepEqual(other, { calls: [] });
  });

  test('calls that turns choose are found among a part of all calls, unless they are rare', async () => {
    const chosen = { model: ['gpt-4.1-mini'] };
    const used = new Set(
      turns.filter(({ llm_model }) => llm_model === 'gpt-4.1-mini').map(({ call_id }) => call_id),
    );
    const part = await sampleOf(page.db, chosen, { most: 5, lookedAt: 20, rare: 1 });
    const [, ids] = part.values;
    assert.ok(part.every >= 3 && part.every % 3 === 0 && part.calls % 3 === 0 && part.calls > 0);
    assert.ok(ids.length <= part.calls / 3 && ids.every((id) => used.has(id)));
    const rare = await sampleOf(page.db, chosen, { lookedAt: 20, rare: CALLS });
    assert.deepEqual([rare.calls, rare.every], [used.size, 1]);
    assert.deepEqual(new Set(rare.values[1]), used);
  });

  test('a call has its turns, whose segments add up to the silence, and a bill that adds up to the cost', async () => {
    let drawn = 0;
    for (const { call_id } of calls.slice(0, 15)) {
      const answer = await get<CallAnswer>(`/api/calls/${call_id}`);
      assert.equal(answer.live, false);
      assert.deepEqual(
        answer.turns.map(({ row }) => row),
        rowJson(turns.filter((turn) => turn.call_id === call_id)),
      );
      for (const { row, segments, silence, bars } of answer.turns) {
        const sum = Object.values(segments).reduce((total, seconds) => total + seconds, 0);
        assert.ok(Math.abs(sum - (row.eou_latency ?? 0)) < 1e-6);
        if (row.eou_latency === null) continue;
        assert.ok(silence && Math.abs(silence.end - silence.start - row.eou_latency) < 1e-6);
        assert.equal(bars.find(({ kind }) => kind === 'playback')?.start, silence.end);
        drawn += 1;
      }
      const billed = answer.bill.flatMap(({ cost }) => cost ?? []);
      assert.equal(Decimal.sum(...billed).toFixed(), answer.call.cost_total);
      assert.deepEqual(
        answer.bill.flatMap(({ unpriced }) => unpriced ?? []),
        answer.call.unpriced,
      );
      for (const { entry, price } of answer.bill) assert.equal(entry === undefined, price === undefined);
    }
    assert.ok(drawn > 30);
  });

  test('of a call whose spans have expired the rows are left', async () => {
    const answer = await get<CallAnswer>(`/api/calls/${calls.at(-1)?.call_id}`);
    assert.equal(answer.spans, 0);
    assert.deepEqual(answer.bill, []);
    assert.ok(answer.turns.length > 0 && answer.turns.every(({ bars }) => bars.length === 0));
  });

  test('what was said is shown where it was recorded, and nowhere else', async () => {
    for (const agent of ['survey', 'booking']) {
      const [listed] = (await get<CallsAnswer>(`/api/calls?since=all&agent=${agent}`)).calls;
      const id = listed?.call.call_id;
      const answer = await get<CallAnswer>(`/api/calls/${id}`);
      const { facts } = await get<FactsAnswer>(`/api/calls/${id}/facts`);
      assert.equal(
        answer.turns.some(({ row }) => row.agent_text !== null),
        agent === 'booking',
      );
      assert.equal(JSON.stringify(facts).includes('agentText'), agent === 'booking');
    }
  });

  test('charts add up to the totals', async () => {
    const { totals, silence } = await get<TotalsAnswer>('/api/totals?since=all');
    const latency = await get<LatencyView>('/api/latency?since=all');
    const sum = <T>(items: readonly T[], of: (item: T) => number) =>
      items.reduce((total, item) => total + of(item), 0);
    assert.equal(
      sum(latency.points, (point) => point.turns),
      silence.turns,
    );
    assert.equal(
      sum(latency.heat, ([, , count]) => count),
      silence.turns,
    );
    const cost = await get<SpendingView>('/api/cost?since=all');
    const spent = Decimal.sum(...cost.points.map(({ total }) => total ?? 0));
    assert.equal(spent.toFixed(), new Decimal(totals.cost_total ?? 0).toFixed());
    const byAgent = cost.parts.filter(({ kind }) => kind === 'agent');
    assert.equal(Decimal.sum(...byAgent.map(({ total }) => total ?? 0)).toFixed(), spent.toFixed());
    const quality = await get<QualityView>('/api/quality?since=all');
    assert.equal(
      sum(quality.points, (point) => point.calls),
      CALLS,
    );
    const compared = await get<CompareAnswer>(
      `/api/compare?${new URLSearchParams({ a: 'since=all&agent=booking', b: 'since=all' })}`,
    );
    assert.equal(compared.a.totals.calls, calls.filter((row) => row.agent_name === 'booking').length);
    assert.equal(compared.b.totals.calls, CALLS);
    const [p50] = compared.figures;
    assert.equal(p50?.name, 'silence_p50');
    assert.ok(p50.interval === null || p50.interval[0] <= p50.interval[1]);
    assert.match(compared.notes.join('\n'), /calls are in A and in B.*by chance alone/s);
    const lines = comparedLines(compared);
    assert.deepEqual(
      [...new Set(lines.map(({ group }) => group))],
      [...['Calls', 'Silence', 'Silence by segment', 'Cost', 'Quality']],
    );
  });

  test('of a change it is said what calls it is of, and what is too little to say more', async () => {
    const names = await get<ModelsAnswer>('/api/models');
    assert.ok(names.llm.seen.includes('acme/acme-large-2') && names.llm.seen.includes('openai/gpt-4.1-mini'));
    assert.ok(
      names.llm.priced.includes('openai/gpt-4.1') && !names.llm.priced.includes('openai/gpt-4.1-mini'),
    );
    assert.ok(names.tts.priced.length > 3 && names.stt.priced.length > 3);
    const answer = await get<WhatIfAnswer>('/api/whatif?since=all&agent=survey&llm=openai/gpt-4.1-mini');
    const rows = calls.filter((row) => row.agent_name === 'survey');
    assert.equal(answer.calls + answer.expired, rows.length);
    assert.ok(answer.cost.before.llm === null && Number(answer.cost.after.llm) > 0, 'it had no price');
    assert.match(answer.noSilence ?? '', /^too few (calls|turns): \d+, needs \d+$/);
    const { groups } = await get<EndpointingAnswer>('/api/endpointing?since=all&agent=survey');
    assert.deepEqual(
      groups.map(({ agent }) => agent),
      ['survey'],
    );
    assert.match(groups[0]?.note ?? '', /^too few (calls|turns): \d+, needs \d+$/);
    const recent = await get<WhatIfAnswer>('/api/whatif?llm=openai/gpt-4.1-mini&until=2026-01-01');
    assert.deepEqual([recent.calls, recent.noSilence], [0, 'too few turns: 0, needs 30']);
  });

  test('limits are for the calls that filters choose, whichever these are', async () => {
    const checked = await get<CheckAnswer>(
      '/api/check?since=all&direction=outbound&limit_unpriced=0&limit_silence_p95=30s',
    );
    const rows = calls.filter(({ direction }) => direction === 'outbound');
    assert.ok(rows.length > 0 && rows.length < CALLS);
    assert.equal(checked.calls, rows.length);
    const found = checked.verdicts.map(({ figure, value, status }) => [figure, value, status]);
    const p95 = checked.figures['silence-p95'];
    const unpriced = rows.filter((row) => row.unpriced.length > 0).length;
    assert.deepEqual(found, [
      ['silence-p95', p95, p95 === null ? 'unknown' : 'holds'],
      ['unpriced', unpriced, unpriced > 0 ? 'broken' : 'holds'],
    ]);
    const keys = rows.slice(0, 10).map(keyOf);
    for (const [index, key] of keys.entries())
      await giveScores(page.db, key, [{ name: 'tone', value: index }]);
    const scores = new URLSearchParams(
      ['tone>=5', 'tone<=5', 'zeal>=1'].map((text): [string, string] => ['score', text]),
    );
    const { verdicts } = await get<CheckAnswer>(`/api/check?since=all&${scores}`);
    assert.deepEqual(
      verdicts.map(({ figure, value, status }) => [figure, value, status]),
      [
        ['score tone', 4.5, 'broken'],
        ['score tone', 4.5, 'holds'],
        ['score zeal', null, 'unknown'],
      ],
    );
    const none = await get<CheckAnswer>('/api/check?since=all&agent=none&limit_silence_p95=30s');
    assert.deepEqual([none.calls, none.verdicts[0]?.note], [0, 'too few turns: 0, needs 30']);
  });

  test('files hold every call', async () => {
    const csv = await (await fetch(`${page.url}/api/calls.csv?since=all`)).text();
    assert.equal(csv.trim().split('\r\n').length, CALLS + 1);
    const json = await get<unknown[]>('/api/calls.json?since=all');
    assert.deepEqual(json, rowJson(calls));
  });

  test('what cannot be answered is refused, and says why', async () => {
    const status = async (path: string, init: RequestInit = {}) => {
      const response = await fetch(`${page.url}${path}`, init);
      const { error } = (await response.json()) as { error: string };
      assert.ok(error.length > 5);
      assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
      return response.status;
    };
    assert.equal(await status('/api/calls/none'), 404);
    assert.equal(await status('/api/calls/%E0%A4%A'), 400);
    assert.equal(await status('/api/nothing'), 404);
    assert.equal(await status('/assets/../../package.json'), 404);
    assert.equal(await status('/nothing'), 404);
    assert.equal(await status('/api/calls?limit=0'), 400);
    assert.equal(await status('/api/calls?since=soon'), 400);
    assert.equal(await status('/api/calls?since=2026-02-30'), 400);
    await get('/api/calls?since=-271821-04-20T00:00:00Z');
    for (const [order, value] of [
      ['started', 'monday'],
      ['cost', '1e999999'],
      ['turns', '1.5'],
    ] as const)
      assert.equal(
        await status(
          `/api/calls?since=all&order=${order}&after=${positionText({ value, tenant: 'acme', callId: 'c' })}`,
        ),
        400,
        order,
      );
    assert.equal(await status('/api/whatif'), 400);
    assert.equal(await status('/api/whatif?llm=gpt-4.1'), 400);
    assert.equal(await status('/api/whatif?endpointing=220ms'), 400);
    assert.equal(await status('/api/endpointing?delay=soon'), 400);
    assert.equal(await status('/api/endpointing?seed=-1'), 400);
    assert.equal(await status('/api/check'), 400);
    assert.equal(await status('/api/check?limit_silence_p95=900'), 400);
    assert.equal(await status('/api/check?score=tone%3D5'), 400);
    assert.equal(await status('/api/check?since=2d&baseline=since%3D1d'), 400);
    assert.equal(await status('/api/check?baseline=since%3D1d'), 400);
    assert.equal(await status('/api/check?baseline=version%3D1&tolerance=much'), 400);
    const said = async (path: string) => {
      assert.equal(await status(path), 400, path);
      return ((await (await fetch(`${page.url}${path}`)).json()) as { error: string }).error;
    };
    assert.match(
      await said('/api/totals?agnet=a'),
      /^saw "agnet", expected one of since, until, .*, failed$/,
    );
    assert.match(await said('/api/compare?a=%00&b=1'), /^a: expected text without U\+0000$/);
    assert.match(await said('/api/compare?a=&b=agnet%3Dx'), /^b: saw "agnet", expected one of since/);
    assert.match(await said('/api/check?limit_unpriced=0&baseline=verison%3D1'), /^baseline: saw "verison"/);
    assert.match(await said('/api/check?baseline=since%3D1d'), /^baseline: saw .*; expected since beside it/);
    assert.match(await said('/api/models?since=7d'), /^saw "since", expected no parameter$/);
    for (const path of [
      'calls?sort=cost',
      'calls.csv?limit=5',
      'calls/none?turn=1',
      'incidents?agent=a',
      'incidents/0?tenant=a',
      'check?question=check&limit_unpriced=0',
      'whatif?llm=openai/gpt-4.1&delay=1',
      'endpointing?endpointing=1',
      'about?%00',
    ])
      await said(`/api/${path}`);
    assert.equal(await status('/api/calls', { method: 'POST' }), 405);
    assert.equal(await status('/api/calls', { headers: { origin: 'https://other.example' } }), 403);
    assert.equal(await hostStatus(page.url, 'other.example'), 403);
    assert.equal(await hostStatus(page.url, 'localhost'), 200);
    assert.deepEqual(page.errors, []);
  });

  test('a role that may only read is enough', async () => {
    await page.db.query(
      'CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA :schema TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA :schema TO reader',
    );
    const url = new URL(page.databaseUrl);
    url.username = 'reader';
    const { servePage } = await import('../../../ui/server/index.ts');
    const { readSettings } = await import('../../../model/settings.ts');
    const db = openPostgres({ url: url.href });
    const served = await servePage({
      db,
      settings: readSettings({ env: {} }),
      host: '127.0.0.1',
      port: 0,
      onError: assert.fail,
    });
    const id = calls[0]?.call_id;
    for (const path of [
      `calls/${id}`,
      `calls/${id}/facts`,
      'calls',
      'totals',
      'choices',
      'latency',
      'cost',
      'quality',
      'models',
      'endpointing?since=all',
      'check?since=all&limit_unpriced=0',
      'whatif?since=all&llm=openai/gpt-4.1-mini',
    ])
      assert.equal((await fetch(`${served.url}/api/${path}`)).status, 200, path);
    await served.close();
    await db.close();
    const readOnly = openPostgres({ url: page.databaseUrl, readOnly: true });
    await assert.rejects(readOnly.query('DELETE FROM :schema.call_logs'), { code: '25006' });
    await readOnly.close();
  });
});

/** `fetch` does not let one choose the `Host`. */
const hostStatus = (url: string, host: string) =>
  new Promise<number | undefined>((resolve, reject) => {
    request(`${url}/api/about`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
