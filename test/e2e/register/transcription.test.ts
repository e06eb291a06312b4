import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ATTR, SPAN } from '../../../model/semconv.ts';
import { OtlpReceiver } from '../../support/otlp-receiver.ts';
import { type ProgramOptions, REGISTER, run } from '../../support/program.ts';
import { type AssemblyAiSimulator, startAssemblyAiSimulator } from '../../support/simulators/assemblyai.ts';
import {
  type CartesiaListenSimulator,
  startCartesiaListenSimulator,
} from '../../support/simulators/cartesia-listen.ts';

const WEBSOCKET = 'WebSocket' in globalThis;

describe('an SDK for transcription that the application loads', { concurrency: 2 }, () => {
  let assemblyAi: AssemblyAiSimulator;
  let cartesia: CartesiaListenSimulator;
  before(async () => {
    assemblyAi = await startAssemblyAiSimulator();
    cartesia = await startCartesiaListenSimulator();
  });
  after(() => Promise.all([assemblyAi.close(), cartesia.close()]));

  /** The names and providers of the spans of a program, and what it printed. */
  async function spansOf(program: string, options: ProgramOptions) {
    const collector = await OtlpReceiver.start();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
    const end = await run(program, { ...options, env: { ...env, ...options.env } });
    await collector.close();
    assert.equal(end.code, 0, end.stderr);
    assert.doesNotMatch(end.stderr, /is not instrumented/);
    assert.match(end.stdout, /^(closed\n)+$/);
    return collector.spans.map(({ name, attributes }) => [name, attributes[ATTR.providerName]]);
  }

  for (const program of ['assemblyai.mjs', 'assemblyai.cjs'])
    test(`${program}: each of its modules gives a call and its audio without a line of code`, async () => {
      const env = { ASSEMBLYAI_URL: assemblyAi.wsUrl, NODE_EXTRA_CA_CERTS: assemblyAi.caPath };
      const args = ['assemblyai', 'assemblyai/streaming'];
      const expected = [
        [SPAN.stt, 'assemblyai'],
        [SPAN.call, undefined],
      ];
      assert.deepEqual(
        await spansOf(program, { args, env }),
        args.flatMap(() => expected),
      );
    });

  for (const program of ['cartesia-listen.mjs', 'cartesia-listen.cjs'])
    test(`${program} gives a call and its audio without a line of code`, async () => {
      // Its ES modules take the global WebSocket, which Node 20 keeps behind this.
      const nodeArgs = ['--import', REGISTER, ...(WEBSOCKET ? [] : ['--experimental-websocket'])];
      const env = { CARTESIA_BASE_URL: cartesia.url };
      assert.deepEqual(await spansOf(program, { nodeArgs, env }), [
        [SPAN.stt, 'cartesia'],
        [SPAN.call, undefined],
      ]);
    });
});
