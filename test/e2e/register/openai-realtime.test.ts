import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { OtlpReceiver } from '../../support/otlp-receiver.ts';
import { run } from '../../support/program.ts';
import { type RealtimeSimulator, startRealtimeSimulator } from '../../support/simulators/openai-realtime.ts';

const PROGRAMS: readonly (readonly [program: string, ...args: string[]])[] = [
  ...['realtime.mjs', 'realtime.cjs'].flatMap((program) => [
    [program, 'openai/realtime/ws', 'OpenAIRealtimeWS'] as const,
    [program, 'openai/realtime/websocket', 'OpenAIRealtimeWebSocket'] as const,
    [program, 'openai/beta/realtime/ws', 'OpenAIRealtimeWS'] as const,
  ]),
  ['realtime-session.mjs'],
  ['realtime-session.cjs'],
];

describe('a Realtime client that the application loads', { concurrency: 2 }, () => {
  let tls: RealtimeSimulator;
  let plain: RealtimeSimulator;
  before(async () => {
    [tls, plain] = await Promise.all([startRealtimeSimulator(), startRealtimeSimulator({ tls: false })]);
  });
  after(() => Promise.all([tls.close(), plain.close()]));

  for (const [program, ...args] of PROGRAMS) {
    test(`${[program, ...args].join(' ')}: a call, its turn and its response, without a line of code`, async () => {
      const collector = await OtlpReceiver.start();
      const end = await run(program, {
        args,
        env: {
          OPENAI_API_KEY: 'key',
          OPENAI_BASE_URL: `${tls.url}/v1`,
          NODE_EXTRA_CA_CERTS: tls.caPath ?? '',
          REALTIME_URL: `${plain.wsUrl}/v1/realtime`,
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
          OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        },
      });
      await collector.close();
      assert.equal(end.code, 0, end.stderr);
      assert.equal(end.stdout, 'completed\n', end.stderr);
      assert.deepEqual(collector.spans.map(({ name }) => name).sort(), [
        'chat gpt-realtime',
        'playback',
        'voice.call',
        'voice.turn',
      ]);
    });
  }
});
