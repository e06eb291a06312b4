import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Decimal } from 'decimal.js';
import { Journal, keyOf } from '../../../exporter/store/index.ts';
import { CALL_SORTS, listRunning } from '../../../exporter/store/views/index.ts';
import type { CallRows } from '../../../model/rows.ts';
import { tenantOf } from '../../../model/tenant.ts';
import type {
  CallAnswer,
  CallsAnswer,
  Choices,
  FactsAnswer,
  LatencyView,
  QualityView,
  SpendingView,
  TotalsAnswer,
  WhatIfAnswer,
} from '../../../ui/shared/api.ts';
import { callAddress } from '../../../ui/shared/query.ts';
import { type PageUnderTest, startPage } from '../../support/page.ts';
import {
  fillTenants,
  TEST_TENANTS,
  type TestTenant,
  TURNS_OF,
  tenantCall,
} from '../../support/page-tenants.ts';

const CALLS = 5;
const UNTIL_US = Date.parse('2026-11-20T12:00:00Z') * 1_000;
const OPTIONS = { calls: CALLS, untilUs: UNTIL_US };

describe('the page, where two tenants have calls of the same ids', () => {
  let page: PageUnderTest;
  let rows: CallRows[] = [];
  before(async () => {
    page = await startPage(async (db) => {
      rows = await fillTenants(db, OPTIONS);
    });
  });
  after(() => page.stop());

  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${page.url}/api${path}`);
    assert.equal(response.status, 200, path);
    return (await response.json()) as T;
  };
  const of = (tenant?: TestTenant) => rows.filter(({ metrics }) => !tenant || metrics.tenant === tenant);

  test('a list has the calls of both, each once, with its own turns, in pages of any size and order', async () => {
    for (const order of Object.keys(CALL_SORTS)) {
      const seen: string[] = [];
      let after: string | undefined = '';
      while (after !== undefined) {
        const answer: CallsAnswer = await get(`/calls?since=all&limit=1&order=${order}&after=${after}`);
        for (const { call, turns } of answer.calls) {
          seen.push(keyOf(call));
          assert.equal(turns.length, TURNS_OF[call.tenant as TestTenant]);
        }
        after = answer.next;
      }
      assert.deepEqual(
        seen.sort(),
        of()
          .map(({ metrics }) => keyOf(metrics))
          .sort(),
        order,
      );
    }
  });

  test('a call is that of the tenant that its address names', async () => {
    for (const { metrics, logs } of rows) {
      const answer = await get<CallAnswer>(callAddress(metrics));
      const { facts } = await get<FactsAnswer>(callAddress(metrics, '/facts'));
      assert.equal(answer.call.tenant, metrics.tenant);
      assert.equal(answer.turns.length, logs.length);
      assert.equal(answer.spans, facts.length);
      assert.ok(facts.every((fact) => tenantOf(fact) === metrics.tenant));
    }
    const id = rows[0]?.metrics.call_id;
    assert.equal((await fetch(`${page.url}/api/calls/${id}?tenant=beta`)).status, 404);
    assert.equal((await fetch(`${page.url}/api/calls/${id}?tenant=a/b`)).status, 400);
  });

  test('a view says what it asks first, whatever its address says', async () => {
    const linkOf = async (path: string) => {
      const answer = await fetch(`${page.url}${path}`);
      assert.equal(answer.status, 200, path);
      return answer.headers.get('link');
    };
    const asked = (...addresses: string[]) =>
      addresses.map((address) => `<${address}>; rel=preload; as=fetch; crossorigin`).join(', ');
    assert.equal(await linkOf('/calls/CA1?tenant=acme&turn=3'), asked('/api/calls/CA1?tenant=acme'));
    assert.equal(
      await linkOf('/?tenant=acme'),
      asked('/api/calls?tenant=acme&since=7d&order=started&limit=100', '/api/totals?tenant=acme&since=7d'),
    );
    assert.equal(
      await linkOf('/calls/%3E%0d%0aa%3Ab?tenant=%3E%0d%0a'),
      asked('/api/calls/%3E%0D%0Aa%3Ab?tenant=%3E%0D%0A'),
    );
    for (const path of ['/calls/%ff', '/calls?order=%3E%0d%0a', '/latency'])
      assert.equal(await linkOf(path), null, path);
  });

  test('figures are those of the rows, of all and of one tenant', async () => {
    for (const tenant of [undefined, ...TEST_TENANTS]) {
      const query = `?since=all${tenant === undefined ? '' : `&tenant=${tenant}`}`;
      const logs = of(tenant).flatMap((call) => call.logs);
      const silences = logs.filter(({ eou_latency }) => eou_latency !== null).length;
      const { totals, silence } = await get<TotalsAnswer>(`/totals${query}`);
      assert.deepEqual(
        [totals.calls, totals.turns, silence.turns],
        [of(tenant).length, logs.length, silences],
      );
      const { heat, points } = await get<LatencyView>(`/latency${query}`);
      assert.equal(sum(heat.map(([, , turns]) => turns)), silences);
      assert.equal(sum(points.map(({ turns }) => turns)), silences);
      const { parts } = await get<SpendingView>(`/cost${query}`);
      const [tts] = parts.filter(({ component }) => component === 'tts');
      assert.equal(tts?.calls, of(tenant).length);
      assert.equal(
        new Decimal(tts?.total ?? 0).toFixed(),
        Decimal.sum(...logs.flatMap(({ cost_tts }) => cost_tts ?? [])).toFixed(),
      );
      const whatIf = await get<WhatIfAnswer>(`/whatif${query}&stt=deepgram/nova-3`);
      assert.equal(whatIf.calls, of(tenant).length);
      const { counted } = await get<QualityView>(`/quality${query}`);
      assert.equal(
        sum(counted.map(({ kind, count }) => (kind === 'interruption' ? count : 0))),
        logs.filter(({ interruption_kind }) => interruption_kind !== null).length,
      );
    }
  });

  test('a filter looks at the turns of the call itself', async () => {
    for (const from of [0.5, 0.9, 1.5, 2]) {
      const { calls } = await get<CallsAnswer>(`/calls?since=all&silence_from=${from}`);
      const expected = of().filter(({ logs }) => logs.some(({ eou_latency: s }) => s !== null && s >= from));
      assert.deepEqual(
        calls.map(({ call }) => keyOf(call)).sort(),
        expected.map(({ metrics }) => keyOf(metrics)).sort(),
      );
    }
    assert.deepEqual((await get<Choices>('/choices')).tenant, ['acme', 'default']);
  });

  test('a call goes on though another tenant has had one of its id', async () => {
    const facts = tenantCall('acme', CALLS, OPTIONS).map((fact) => ({ ...fact, tenant: 'beta' }));
    const callId = rows[0]?.metrics.call_id ?? '';
    await new Journal(page.db).append(
      facts.filter(({ type }) => type !== 'call').map((fact) => ({ ...fact, callId })),
    );
    const running = await listRunning(page.db);
    assert.deepEqual(
      running.map(({ tenant, callId, spans }) => [tenant, callId, spans]),
      [['beta', callId, facts.length - 1]],
    );
    const answer = await get<CallAnswer>(`/calls/${callId}?tenant=beta`);
    assert.equal(answer.live, true);
    assert.equal((await get<CallAnswer>(`/calls/${callId}`)).live, false);
  });
});

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
