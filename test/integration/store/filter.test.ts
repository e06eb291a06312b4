import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { Usd } from '../../../exporter/pricing/index.ts';
import { type CallFilter, callCondition } from '../../../exporter/store/filter.ts';
import { type Database, selectCalls, writeCallRows } from '../../../exporter/store/index.ts';
import { logRow, metricsRow, REFERENCE_US } from '../../support/call-rows.ts';
import { onEachDatabase } from '../../support/databases.ts';

const MINUTE_US = 60_000_000;

const CALLS = [
  {
    metrics: metricsRow('CA100%', {
      started_at: REFERENCE_US,
      agent_name: 'front-desk',
      service_version: '1.0',
      tags: { plan: 'gold', region: 'eu' },
      outcome: 'SUCCESS',
      eou_latency_max: 0.8,
      cost_total: new Usd('0.0000000100'),
    }),
    logs: [logRow('CA100%', 0, { llm_provider: 'groq', llm_model: 'small', tts_provider: 'openai' })],
  },
  {
    metrics: metricsRow('CA1002', {
      started_at: REFERENCE_US + MINUTE_US,
      agent_name: 'sales',
      campaign_id: 'spring',
      customer_id: "o'neil",
      service_name: 'phone-agent',
      service_version: '1.1',
      deployment_environment: 'staging',
      tags: { plan: 'silver' },
      eou_latency_max: 2.4,
      interruption_count: 2,
      cost_total: new Usd('0.02'),
      unpriced: ['tts:unknown'],
    }),
    logs: [
      logRow('CA1002', 0, { llm_provider: 'openai', llm_model: 'large' }),
      logRow('CA1002', 1, { llm_provider: 'groq', llm_model: 'large' }),
    ],
  },
  {
    metrics: metricsRow('ca1003', { started_at: REFERENCE_US + 2 * MINUTE_US, interruption_count: null }),
    logs: [],
  },
];

/** A filter and the calls that it means, the latest first. */
const CASES: readonly (readonly [filter: CallFilter, ids: readonly string[]])[] = [
  [{}, ['ca1003', 'CA1002', 'CA100%']],
  [{ since: REFERENCE_US + MINUTE_US }, ['ca1003', 'CA1002']],
  [{ until: REFERENCE_US + MINUTE_US }, ['CA100%']],
  [{ since: REFERENCE_US, until: REFERENCE_US }, []],
  [{ agent: ['sales', 'front-desk'] }, ['CA1002', 'CA100%']],
  [{ agent: [] }, ['ca1003', 'CA1002', 'CA100%']],
  [{ campaign: ['spring'] }, ['CA1002']],
  [{ customer: ["o'neil"] }, ['CA1002']],
  [{ service: ['phone-agent'], serviceVersion: ['1.0'] }, []],
  [{ serviceVersion: ['1.0'] }, ['CA100%']],
  [{ environment: ['staging'] }, ['CA1002']],
  [{ tags: { plan: 'gold' } }, ['CA100%']],
  [{ tags: { plan: 'gold', region: 'us' } }, []],
  [{ outcome: ['SUCCESS'] }, ['CA100%']],
  [{ outcome: ['unknown'] }, ['ca1003', 'CA1002']],
  [{ provider: ['openai'] }, ['CA1002', 'CA100%']],
  [{ model: ['large'] }, ['CA1002']],
  // Both were used, and not by one stage.
  [{ provider: ['openai'], model: ['small'] }, []],
  [{ provider: ['groq'], model: ['large'] }, ['CA1002']],
  [{ minSilence: 2.4 }, ['CA1002']],
  [{ minCost: '0.00000001' }, ['CA1002', 'CA100%']],
  [{ minCost: '0.000000010000000000000001' }, ['CA1002']],
  [{ interrupted: true }, ['CA1002']],
  // Of the third it is not known.
  [{ interrupted: false }, ['CA100%']],
  [{ unpriced: true }, ['CA1002']],
  [{ unpriced: false }, ['ca1003', 'CA100%']],
  [{ idPrefix: 'CA100' }, ['CA1002', 'CA100%']],
  [{ idPrefix: 'CA100%' }, ['CA100%']],
  [{ idPrefix: 'CA1_02' }, []],
  [{ idPrefix: "'; DROP TABLE call_metrics; --" }, []],
];

describe('a filter of calls', () => {
  onEachDatabase((databases) => {
    let db: Database;
    before(async () => {
      db = await databases.migrated();
      await db.transaction((tx) => writeCallRows(tx, CALLS, 'test'));
    });

    it('means the calls for which all of it holds', async () => {
      for (const [filter, ids] of CASES)
        assert.deepEqual(
          (await selectCalls(db, filter, { limit: 50 })).map(({ call_id }) => call_id),
          ids,
          JSON.stringify(filter),
        );
    });
  });

  it('has every value as a parameter, numbered from where the statement says', () => {
    const { sql, params } = callCondition({ agent: ["'"], tags: { "'": '"' }, model: ["'"] }, 3);
    assert.doesNotMatch(sql, /'(?!\{\}|unknown|epoch|1 micro)[^ ]/);
    assert.deepEqual(sql.match(/\$\d+/g)?.sort().at(0), '$3');
    assert.equal(params.length, 3);
    assert.equal(callCondition({}).sql, 'true');
  });
});
