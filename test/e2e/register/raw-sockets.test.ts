import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ATTR } from '../../../model/semconv.ts';
import { OtlpReceiver } from '../../support/otlp-receiver.ts';
import { REGISTER, run } from '../../support/program.ts';
import {
  type DeepgramSpeakSimulator,
  startDeepgramSpeakSimulator,
} from '../../support/simulators/deepgram-speak.ts';

const TEXT = 'Of course, with pleasure.';
/** Node 20 has it behind an option. */
const NODE_ARGS = ['--import', REGISTER, ...('WebSocket' in globalThis ? [] : ['--experimental-websocket'])];

describe('the global WebSocket', () => {
  let speak: DeepgramSpeakSimulator;
  before(async () => {
    speak = await startDeepgramSpeakSimulator();
  });
  after(() => speak.close());

  async function spansWith(env: Readonly<Record<string, string>>) {
    const collector = await OtlpReceiver.start();
    const url = `${speak.url.replace('http', 'ws')}/v1/speak?model=aura-2-thalia-en&encoding=mulaw&sample_rate=8000`;
    const end = await run('raw-socket.mjs', {
      nodeArgs: NODE_ARGS,
      args: [url, TEXT],
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        ...env,
      },
    });
    await collector.close();
    assert.equal(end.code, 0, end.stderr);
    assert.equal(end.stdout, 'true\n');
    return { spans: collector.spans, end };
  }
  const proxy = () => new URL(speak.url).host;

  it('is followed to a host that stands before a provider', async () => {
    const { spans } = await spansWith({ EARSHOT_PROVIDER_HOSTS: proxy() });
    const speech = spans.filter(({ attributes }) => attributes[ATTR.stage] === 'tts');
    assert.deepEqual(
      speech.map(({ attributes }) => [
        attributes[ATTR.providerName],
        attributes[ATTR.callId],
        Number(attributes[ATTR.usageCharacters]),
      ]),
      [['deepgram', 'raw', TEXT.length]],
    );
  });

  it('is left alone to any other host, and to a provider whose SDK is left alone', async () => {
    for (const env of [{}, { EARSHOT_PROVIDER_HOSTS: proxy(), EARSHOT_DISABLED_SDKS: '@deepgram/sdk' }]) {
      const { spans } = await spansWith(env);
      assert.deepEqual(
        spans.filter(({ attributes }) => attributes[ATTR.stage] === 'tts'),
        [],
      );
    }
  });

  it('needs hosts that can be some', async () => {
    const { end } = await spansWith({ EARSHOT_PROVIDER_HOSTS: 'https://proxy.internal=deepgram' });
    assert.match(
      end.stderr,
      /EARSHOT_PROVIDER_HOSTS: saw "https:\/\/proxy\.internal=deepgram", expected hosts as in/,
    );
  });
});
