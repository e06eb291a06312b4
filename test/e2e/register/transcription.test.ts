import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SPAN } from '../../../instrumentation/semconv.ts';
import { OtlpReceiver } from '../../support/otlp-receiver.ts';
import { run } from '../../support/program.ts';
import { type AssemblyAiSimulator, startAssemblyAiSimulator } from '../../support/simulators/assemblyai.ts';

describe('an SDK for transcription that the application loads', { concurrency: 2 }, () => {
  let assemblyAi: AssemblyAiSimulator;
  before(async () => {
    assemblyAi = await startAssemblyAiSimulator();
  });
  after(() => assemblyAi.close());

  for (const [program, specifier] of [
    ['assemblyai.mjs', 'assemblyai'],
    ['assemblyai.mjs', 'assemblyai/streaming'],
    ['assemblyai.cjs', 'assemblyai'],
    ['assemblyai.cjs', 'assemblyai/streaming'],
  ] as const) {
    test(`${program}: ${specifier} is a call with its audio without a line of code`, async () => {
      const collector = await OtlpReceiver.start();
      const end = await run(program, {
        args: [specifier],
        env: {
          ASSEMBLYAI_URL: assemblyAi.wsUrl,
          NODE_EXTRA_CA_CERTS: assemblyAi.caPath,
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
          OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        },
      });
      await collector.close();
      assert.equal(end.code, 0, end.stderr);
      assert.doesNotMatch(end.stderr, /is not instrumented/);
      assert.equal(end.stdout, 'closed\n');
      assert.deepEqual(
        collector.spans.map(({ name, attributes }) => [name, attributes['gen_ai.provider.name']]),
        [
          [SPAN.stt, 'assemblyai'],
          [SPAN.call, undefined],
        ],
      );
    });
  }
});
