import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { openPostgres } from '../../../exporter/store/postgres.ts';
import { getCallFacts, getCallLogs } from '../../../exporter/store/read.ts';
import { OtlpReceiver } from '../../support/otlp-receiver.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { fixture, REGISTER, run } from '../../support/program.ts';
import { type AnthropicSimulator, startAnthropicSimulator } from '../../support/simulators/anthropic.ts';

const OWN = 'chat claude-haiku-4-5';
const THEIRS = 'anthropic.messages.create';

describe("requests of Anthropic's SDK, which writes spans itself, are each one span and counted once", () => {
  let postgres: TestPostgres;
  let collector: OtlpReceiver;
  let anthropic: AnthropicSimulator;
  before(async () => {
    [postgres, collector, anthropic] = await Promise.all([
      startPostgres(),
      OtlpReceiver.start(),
      startAnthropicSimulator({ firstTokenMs: [20, 30], tokensPerSecond: [400, 500] }),
    ]);
  });
  after(() => Promise.all([postgres?.stop(), collector?.close(), anthropic?.close()]));

  const provider = pathToFileURL(fixture('own-provider.mjs')).href;
  for (const [how, { callId, env = {}, nodeArgs, name, exported = 2 }] of Object.entries({
    "with earshot's provider": { callId: 'call-1', name: THEIRS },
    'attached to the provider of the application': {
      callId: 'call-2',
      name: THEIRS,
      nodeArgs: ['--import', provider, '--import', REGISTER],
    },
    'with the spans of the SDK switched off': {
      callId: 'call-3',
      name: OWN,
      env: { ANTHROPIC_OPEN_TELEMETRY: 'false' },
    },
    'where spans are sampled away': {
      callId: 'call-4',
      name: OWN,
      env: { OTEL_TRACES_SAMPLER: 'always_off' },
      exported: 0,
    },
  } as Record<
    string,
    { callId: string; name: string; env?: object; nodeArgs?: string[]; exported?: number }
  >))
    test(how, async () => {
      const url = await postgres.createMigrated();
      const end = await run('anthropic-call.mjs', {
        args: [callId],
        env: {
          DATABASE_URL: url,
          ANTHROPIC_API_KEY: 'simulated',
          ANTHROPIC_BASE_URL: anthropic.url,
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
          OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
          ...env,
        },
        ...(nodeArgs && { nodeArgs }),
      });
      assert.equal(end.code, 0, end.stderr);
      const database = openPostgres({ url });
      try {
        const facts = await getCallFacts(database, callId);
        const stages = facts.filter((fact) => fact.type === 'stage');
        assert.deepEqual(
          stages.map(({ stage, turnIndex, ...fact }) => [stage, turnIndex, fact.name]),
          [
            ['llm', 0, name],
            ['llm', 0, name],
          ],
        );
        const finished = anthropic.truth
          .flatMap((event) => (event.kind === 'finished' ? event.usage : []))
          .slice(-2);
        const [row] = await getCallLogs(database, callId);
        const sum = (unit: 'input_tokens' | 'output_tokens') =>
          finished.reduce((total, usage) => total + usage[unit], 0);
        assert.equal(row?.llm_input_tokens, sum('input_tokens'));
        assert.equal(row.llm_output_tokens, sum('output_tokens'));
        assert.ok(row.ttfb_llm !== null && row.ttfb_llm >= 0.015);
        const spans = collector.spans.filter(({ attributes }) => attributes['voice.call.id'] === callId);
        const ofTurn = spans.find((span) => span.name === 'voice.turn');
        const requests = spans.filter((span) => span.name === THEIRS || span.name === OWN);
        assert.equal(requests.length, exported);
        for (const { traceId } of requests) assert.equal(traceId, ofTurn?.traceId);
      } finally {
        await database.close();
      }
    });
});
