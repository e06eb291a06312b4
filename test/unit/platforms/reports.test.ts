import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { PLATFORM_READERS, ReportError, reportFacts } from '../../../exporter/platforms/index.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import { isPlausible } from '../../../model/plausible.ts';
import type { CallRows } from '../../../model/rows.ts';
import { PLATFORMS, type PlatformName } from '../../../model/vocabulary.ts';
import { reportOf } from '../../support/platforms.ts';

const DISCREET = { captureContent: false, tags: ['plan'] };

function factsOf(platform: PlatformName, body: unknown = reportOf(platform), options = DISCREET) {
  const report = PLATFORM_READERS[platform](body);
  assert.ok(report);
  return reportFacts(report, options);
}

const rowsOf = (...parts: Parameters<typeof factsOf>): CallRows =>
  finalizeCall(factsOf(...parts), catalogue());

const round = (seconds: number | null | undefined) => seconds && Math.round(seconds * 1e6) / 1e6;

describe("a report of Vapi's", () => {
  const { metrics, logs } = rowsOf('vapi');

  it('is a call of its platform, agent, carrier and campaign', () => {
    assert.deepEqual(
      [metrics.call_id, metrics.platform, metrics.service_name, metrics.agent_name, metrics.campaign_id],
      ['019aab10-0000-7000-8000-000000000001', 'vapi', 'vapi', 'Front desk', 'spring'],
    );
    assert.deepEqual(
      [metrics.direction, metrics.channel, metrics.tags],
      ['inbound', 'phone', { plan: 'gold' }],
    );
    assert.deepEqual([metrics.duration_seconds, metrics.turn_count, metrics.leg_count], [60, 3, null]);
    assert.deepEqual(
      [metrics.end_reason, metrics.outcome, metrics.outcome_source],
      ['customer-ended-call', 'SUCCESS', 'analysis'],
    );
  });

  it('has turns with the latencies that the platform measured', () => {
    assert.deepEqual(
      logs.map((log) => [log.initiator, round(log.eou_latency), log.ttfb_llm, log.ttfb_tts, log.latency_stt]),
      [
        ['agent', null, null, null, null],
        ['user', 1.1, 0.42, 0.18, 0.16],
        ['user', 1.2, 0.51, 0.19, 0.15],
      ],
    );
    assert.deepEqual(
      logs.map(({ eou_source, playback_source, llm_model }) => [eou_source, playback_source, llm_model]),
      [
        [null, 'estimated', null],
        ['framework', 'estimated', 'gpt-4o-mini'],
        ['framework', 'estimated', 'gpt-4o-mini'],
      ],
    );
  });

  it('knows who was interrupted, and by how much', () => {
    assert.deepEqual(
      logs.map(({ interrupted }) => interrupted),
      [false, true, false],
    );
    assert.equal(metrics.interruption_count, 1);
  });

  it('costs what the platform says, and beside it what the models cost by the price list', () => {
    assert.equal(metrics.cost_platform?.toFixed(), '0.1085');
    // A minute at 0.0048; 2,000 and 120 tokens at 0.15 and 0.6 a million; 210 characters; a minute of Twilio.
    assert.equal(metrics.cost_stt?.toFixed(), '0.0048');
    assert.equal(metrics.cost_llm?.toFixed(), '0.000372');
    assert.equal(metrics.cost_telephony?.toFixed(), '0.0085');
    assert.ok(metrics.cost_tts !== null);
    assert.deepEqual(metrics.unpriced, []);
    assert.deepEqual(
      [
        metrics.llm_input_tokens,
        metrics.llm_output_tokens,
        metrics.tts_characters,
        metrics.stt_audio_seconds,
      ],
      [2000, 120, 210, 60],
    );
  });

  it('whose figures are not as many as its answers measures by the times of its messages', () => {
    const body = reportOf('vapi') as { message: { artifact: { performanceMetrics: object } } };
    body.message.artifact.performanceMetrics = { turnLatencies: [{ turnLatency: 9_000 }] };
    const { logs } = rowsOf('vapi', body);
    assert.deepEqual(
      logs.map((log) => [round(log.eou_latency), log.ttfb_llm]),
      [
        [null, null],
        [1.1, null],
        [1.2, null],
      ],
    );
  });

  it('of a call that no one answered is a row with its outcome', () => {
    const { metrics } = rowsOf('vapi', {
      message: {
        type: 'end-of-call-report',
        endedReason: 'customer-did-not-answer',
        timestamp: 1_764_432_000_000,
        call: { id: 'c1', type: 'outboundPhoneCall' },
        artifact: {},
        analysis: {},
        cost: 0,
      },
    });
    assert.deepEqual(
      [metrics.outcome, metrics.turn_count, metrics.cost_platform?.toFixed()],
      ['NO_ANSWER', 0, '0'],
    );
    assert.deepEqual(metrics.unpriced, []);
  });

  it('is none where the message is of another type', () => {
    assert.equal(PLATFORM_READERS.vapi({ message: { type: 'status-update', status: 'ringing' } }), undefined);
  });
});

describe("a report of Retell's", () => {
  const { metrics, logs } = rowsOf('retell');

  it('has turns by the times of its words, and a cost of dollars, not cents', () => {
    assert.deepEqual(
      [metrics.platform, metrics.agent_name, metrics.direction],
      ['retell', 'Recall', 'outbound'],
    );
    assert.deepEqual(
      logs.map((log) => [log.initiator, round(log.eou_latency)]),
      [
        ['agent', null],
        // The last word ends 3.0 + 3 × 0.3 + 0.25 after the beginning, the answer begins at 5.15.
        ['user', 1],
        ['user', null],
      ],
    );
    assert.equal(metrics.cost_platform?.toFixed(), '0.0575');
    assert.equal(metrics.outcome, 'SUCCESS');
  });

  it('has cents of any size exactly, to the twentieth place of a dollar', () => {
    for (const [cents, dollars] of [
      ['12.5', '0.125'],
      [7, '0.07'],
      [5e-7, '0.000000005'],
      [5e-324, '0'],
      [1e6, undefined],
      [-1, undefined],
    ] as const) {
      const body = reportOf('retell') as { call: Record<string, unknown> };
      body.call.call_cost = { combined_cost: cents };
      assert.equal(rowsOf('retell', body).metrics.cost_platform?.toFixed(), dollars);
    }
  });

  it('says what it does not tell', () => {
    assert.equal(metrics.cost_llm, null);
    assert.deepEqual(metrics.unpriced, ['llm:unknown', 'stt:unknown', 'tts:unknown']);
  });

  it('comes twice, the second time with a verdict: both are one call', () => {
    const first = reportOf('retell') as { event: string; call: { call_analysis?: object } };
    first.event = 'call_ended';
    delete first.call.call_analysis;
    const before = factsOf('retell', first);
    assert.equal(finalizeCall(before, catalogue()).metrics.outcome, null);
    const both = [...before, ...factsOf('retell')];
    assert.deepEqual(finalizeCall(both, catalogue()), rowsOf('retell'));
  });

  it('is taken whatever the application has put into its metadata', () => {
    for (const metadata of ['a note', ['a'], 7, null, true]) {
      const body = reportOf('retell') as { call: Record<string, unknown> };
      body.call.metadata = metadata;
      const { metrics: taken } = rowsOf('retell', body);
      assert.deepEqual([taken.turn_count, taken.campaign_id, taken.tags], [metrics.turn_count, null, null]);
    }
  });

  it('of a mailbox is a voicemail, whatever else was judged', () => {
    const body = reportOf('retell') as { call: { call_analysis: Record<string, unknown> } };
    body.call.call_analysis.in_voicemail = true;
    body.call.call_analysis.call_successful = false;
    assert.deepEqual(
      [rowsOf('retell', body).metrics.outcome, rowsOf('retell', body).metrics.outcome_source],
      ['VOICEMAIL', 'amd'],
    );
  });
});

describe("a report of ElevenLabs'", () => {
  const { metrics, logs } = rowsOf('elevenlabs');

  it('has the silence, first bytes and tokens of each answer', () => {
    assert.deepEqual(
      logs.map((log) => [
        log.initiator,
        round(log.eou_latency),
        log.ttfb_llm,
        log.ttfb_tts,
        log.llm_input_tokens,
      ]),
      [
        ['agent', null, null, null, null],
        ['user', 0.95, 0.41, 0.16, 1_000],
        ['user', 0.85, 0.39, 0.14, 1_100],
      ],
    );
    assert.deepEqual(
      logs.map(({ interrupted }) => interrupted),
      [false, true, false],
    );
    assert.deepEqual([metrics.llm_cached_tokens, metrics.llm_output_tokens], [100, 60]);
  });

  it('does not know how long the agent spoke: only when each answer began', () => {
    assert.deepEqual(
      [metrics, ...logs].map((row) => row.agent_speech_seconds),
      [null, null, null, null],
    );
  });

  it('costs what the platform says, and beside it what the models cost by the price list', () => {
    assert.equal(metrics.cost_platform?.toFixed(), '0.0612');
    assert.equal(metrics.stt_audio_seconds, 42);
    assert.equal(metrics.tts_characters, 90);
    // 900 + 1,100 fresh tokens at 0.15 a million, 100 cached ones at half of it, 60 at 0.6.
    assert.equal(metrics.cost_llm?.toFixed(), '0.0003435');
  });

  it('of a call that could not be placed is a row', () => {
    const { metrics } = rowsOf('elevenlabs', {
      type: 'call_initiation_failure',
      event_timestamp: 1_764_432_000,
      data: { agent_id: 'a', conversation_id: 'conv_1', failure_reason: 'busy' },
    });
    assert.deepEqual([metrics.outcome, metrics.turn_count], ['BUSY', 0]);
  });
});

describe("a report of Bland's", () => {
  it('is a call with turns, without silences that no one has measured', () => {
    const { metrics, logs } = rowsOf('bland');
    assert.deepEqual(
      [metrics.platform, metrics.duration_seconds, metrics.turn_count, metrics.cost_platform?.toFixed()],
      ['bland', 45, 2, '0.0675'],
    );
    assert.deepEqual(
      logs.map(({ initiator, eou_latency }) => [initiator, eou_latency]),
      [
        ['agent', null],
        ['user', null],
      ],
    );
    assert.equal(metrics.direction, 'outbound');
    assert.equal(metrics.agent_speech_seconds, null);
  });
});

for (const platform of PLATFORMS)
  describe(`any report of ${platform}`, () => {
    it('keeps words and recordings where they are captured, and numbers of telephones nowhere', () => {
      const personal = /4155550|Rossi/;
      assert.doesNotMatch(JSON.stringify(factsOf(platform)), personal);
      assert.doesNotMatch(JSON.stringify(factsOf(platform)), /recordingUrl/);
      const captured = rowsOf(platform, reportOf(platform), { ...DISCREET, captureContent: true });
      assert.ok(captured.logs.some(({ user_text, agent_text }) => user_text !== null && agent_text !== null));
      assert.doesNotMatch(JSON.stringify(captured), /4155550/);
    });

    it('gives the same facts each time', () => {
      assert.deepEqual(factsOf(platform), factsOf(platform));
      assert.ok(factsOf(platform).every(isPlausible));
      const ids = factsOf(platform).map(({ traceId, spanId }) => `${traceId} ${spanId}`);
      assert.equal(new Set(ids).size, ids.length);
    });

    it('is refused by the place of what is wrong, and never breaks what reads it', () => {
      const body = reportOf(platform);
      fc.assert(
        fc.property(fc.array(fc.nat(), { maxLength: 8 }), fc.anything(), (path, value) => {
          const changed = replaced(structuredClone(body), path, value);
          try {
            const report = PLATFORM_READERS[platform](changed);
            if (report === undefined) return;
            const facts = reportFacts(report, DISCREET);
            if (facts.every(isPlausible)) finalizeCall(facts, catalogue());
          } catch (error) {
            assert.ok(error instanceof ReportError, String(error));
            assert.match(error.message, /: expected /);
          }
        }),
        { numRuns: 400 },
      );
    });
  });

/** The value at a place, chosen by numbers, replaced. */
function replaced(value: unknown, path: readonly number[], by: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined || typeof value !== 'object' || value === null) return by;
  const keys = Object.keys(value);
  if (keys.length === 0) return by;
  const key = keys[first % keys.length] as string;
  (value as Record<string, unknown>)[key] = replaced((value as Record<string, unknown>)[key], rest, by);
  return value;
}
