import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ATTR } from '../../../model/semconv.ts';
import { OtlpReceiver } from '../../support/otlp-receiver.ts';
import { run } from '../../support/program.ts';
import { type RealtimeSimulator, startRealtimeSimulator } from '../../support/simulators/openai-realtime.ts';

/** Each module has a client of its own, which is patched when it is loaded. */
const CLIENTS = [
  ['openai/realtime/ws', 'OpenAIRealtimeWS'],
  ['openai/realtime/websocket', 'OpenAIRealtimeWebSocket'],
  ['openai/beta/realtime/ws', 'OpenAIRealtimeWS'],
] as const;
const SESSION = [['@openai/agents-realtime', 'RealtimeSession']] as const;
const PROGRAMS = [
  ['realtime.mjs', CLIENTS],
  ['realtime.cjs', CLIENTS],
  ['realtime-session.mjs', SESSION],
  ['realtime-session.cjs', SESSION],
] as const;

/** Each once but for playbacks: where the program stood still its audio has a gap, and there is one before and one after. */
function namesOf(spans: readonly { readonly name: string }[]): string[] {
  const names = spans.map(({ name }) => name).sort();
  return names.filter((name, i) => name !== 'playback' || names[i - 1] !== name);
}

describe('a Realtime client that the application loads', { concurrency: 2 }, () => {
  let tls: RealtimeSimulator;
  let plain: RealtimeSimulator;
  before(async () => {
    [tls, plain] = await Promise.all([startRealtimeSimulator(), startRealtimeSimulator({ tls: false })]);
  });
  after(() => Promise.all([tls.close(), plain.close()]));

  for (const [program, clients] of PROGRAMS) {
    const modules = clients.map(([module]) => module);
    test(`${program}, ${modules.join(', ')}: a call, its turn and its response of each, without a line of code`, async () => {
      const collector = await OtlpReceiver.start();
      const end = await run(program, {
        args: clients.flat(),
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
      assert.equal(end.stdout, modules.map((module) => `${module} completed\n`).join(''), end.stderr);
      const calls = new Set(collector.spans.map(({ attributes }) => attributes[ATTR.callId]));
      assert.deepEqual(
        [...calls].map((id) =>
          namesOf(collector.spans.filter(({ attributes }) => attributes[ATTR.callId] === id)),
        ),
        clients.map(() => ['chat gpt-realtime', 'playback', 'voice.call', 'voice.turn']),
      );
    });
  }
});
