import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import type { CallFact, Fact } from '../../../model/facts.ts';
import { call, stage, turn } from './builders.ts';

let spans = 0;
const leg = (ms: [number, number], more: Partial<CallFact> = {}): Fact => ({
  ...call(ms, { transport: 'twilio', direction: 'inbound', ...more }),
  spanId: `leg${++spans}`,
});
const rowsOf = (...facts: Fact[]) => finalizeCall(facts, catalogue());

describe('a call', () => {
  it('that comes back on its id is one call, from the first leg to the last, with the turns of both', () => {
    const again = { ...turn(0, [70_000, 80_000]), traceId: 'of the second leg', spanId: 'again' };
    const { metrics, logs } = rowsOf(
      leg([0, 30_000]),
      turn(0, [0, 10_000]),
      stage('playback', 0, [1_000, 2_000]),
      leg([60_000, 90_000], { endReason: 'hangup' }),
      again,
    );
    assert.deepEqual(
      [metrics.leg_count, metrics.duration_seconds, metrics.turn_count, metrics.end_reason],
      [2, 90, 2, 'hangup'],
    );
    assert.deepEqual(
      logs.map(({ turn_index }) => turn_index),
      [0, 1],
    );
    // The carrier's call went on in between: a minute and a half is two.
    assert.equal(metrics.cost_telephony?.toFixed(), '0.017');
  });

  it("lasts as long as the agent's connections say, and costs what the carrier's record says", () => {
    const record = leg([-3_000, 62_000], { billedSeconds: 120, endReason: 'completed', sipStatusCode: 200 });
    const { metrics } = rowsOf(leg([0, 59_500], { endReason: 'hangup' }), record);
    assert.deepEqual([metrics.duration_seconds, metrics.leg_count, metrics.billed_seconds], [59.5, 1, 120]);
    assert.equal(metrics.cost_telephony?.toFixed(), '0.017');
  });

  it('is its record where no connection was seen', () => {
    const { metrics } = rowsOf(leg([0, 20_000], { billedSeconds: 60 }));
    assert.deepEqual([metrics.duration_seconds, metrics.leg_count, metrics.billed_seconds], [20, 1, 60]);
  });

  it('is described by no leg that it was put through to, whose record counts once, by whatever way it comes', () => {
    const through = (): Fact =>
      leg([30_000, 150_000], {
        direction: 'outbound',
        billedSeconds: 120,
        transferred: true,
        endReason: 'busy',
      });
    const { metrics } = rowsOf(leg([0, 40_000], { endReason: 'transfer' }), through(), through());
    assert.deepEqual(
      [
        metrics.direction,
        metrics.end_reason,
        metrics.duration_seconds,
        metrics.leg_count,
        metrics.billed_seconds,
      ],
      ['inbound', 'transfer', 40, 2, 120],
    );
    // A minute in as it was seen, and two out as they were billed.
    assert.equal(metrics.cost_telephony?.toFixed(), '0.0365');
  });

  it('of a carrier without a price has its minutes unpriced', () => {
    const { metrics } = rowsOf(leg([0, 20_000], { transport: 'telnyx' }));
    assert.deepEqual([metrics.cost_telephony, metrics.unpriced], [null, ['telephony:telnyx/inbound']]);
    const plivo = rowsOf(leg([0, 61_000], { transport: 'plivo' })).metrics;
    assert.equal(plivo.cost_telephony?.toFixed(), '0.011');
    const vonage = rowsOf(leg([0, 30_000], { transport: 'vonage', direction: 'outbound' })).metrics;
    assert.equal(vonage.cost_telephony?.toFixed(), '0.00399');
  });
});
