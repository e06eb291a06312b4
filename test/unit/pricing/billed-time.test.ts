import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Usd } from '../../../exporter/pricing/money.ts';
import { billedSeconds } from '../../../exporter/pricing/rounding.ts';
import { cost, minutes } from '../../support/costs.ts';

describe('time is billed', () => {
  it('at Groq for 10 s at least: many short utterances cost more than their audio', () => {
    // 10 × 0.111 / 3600, and 18 requests of 2 s against one of 36 s
    assert.equal(cost('stt', 'groq', 'whisper-large-v3', { audioSeconds: 2 }), '0.00030833333333333333');
    assert.equal(cost('stt', 'groq', 'whisper-large-v3', { audioSeconds: 36 }), '0.00111');
    assert.equal(cost('stt', 'groq', 'whisper-large-v3', { audioSeconds: 0 }), '0');
  });

  it('at OpenAI whisper-1 to the nearest second', () => {
    assert.equal(cost('stt', 'openai', 'whisper-1', { audioSeconds: 10.49 }), '0.001');
    assert.equal(cost('stt', 'openai', 'whisper-1', { audioSeconds: 10.5 }), '0.0011');
  });

  it('at Twilio up to the minute', () => {
    assert.equal(minutes('telephony', 'twilio', 'inbound', 61), '0.017');
    assert.equal(minutes('telephony', 'twilio', 'inbound', 60), '0.0085');
    assert.equal(minutes('telephony', 'twilio', 'outbound', 1), '0.014');
    assert.equal(minutes('telephony', 'twilio', 'inbound-toll-free', 1), '0.022');
    assert.equal(minutes('telephony', 'twilio', 'inbound', 0), '0');
  });

  it('without the dust of binary fractions buying another minute', () => {
    assert.ok(0.1 + 59.9 + 1e-13 > 60);
    assert.equal(minutes('telephony', 'twilio', 'inbound', 0.1 + 59.9 + 1e-13), '0.0085');
  });

  it('at LiveKit by a rule that is known and a price that is not', () => {
    assert.equal(minutes('livekit', 'livekit', 'connection', 61), 'unpriced livekit:livekit/connection');
  });

  it('not at all when the duration is unknown: unpriced', () => {
    assert.equal(minutes('telephony', 'twilio', 'inbound'), 'unpriced telephony:twilio/inbound');
    assert.equal(minutes('telephony', 'twilio', 'web', 60), 'unpriced telephony:twilio/web');
  });

  it('by each rule as it says', () => {
    const billed = (
      seconds: string,
      rounding: Parameters<typeof billedSeconds>[1]['rounding'],
      least?: string,
    ) =>
      billedSeconds(new Usd(seconds), {
        rounding,
        ...(least !== undefined && { minimumBilledSeconds: new Usd(least) }),
      }).toString();
    assert.equal(billed('61.4', 'none'), '61.4');
    assert.equal(billed('61.4', 'up_to_second'), '62');
    assert.equal(billed('61.4', 'nearest_second'), '61');
    assert.equal(billed('61.4', 'up_to_minute'), '120');
    assert.equal(billed('3', 'none', '10'), '10');
    assert.equal(billed('10.5', 'up_to_second', '10'), '11');
    assert.equal(billed('0', 'up_to_minute', '10'), '0');
  });
});
