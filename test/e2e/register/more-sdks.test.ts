import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startChatSimulator } from '../../../demo/simulators/chat.ts';
import { ATTR } from '../../../model/semconv.ts';
import { OtlpReceiver } from '../../support/otlp-receiver.ts';
import { run } from '../../support/program.ts';
import { startAwsSimulator } from '../../support/simulators/aws.ts';
import { startCohereSimulator } from '../../support/simulators/cohere.ts';
import { startGoogleCloudSimulator } from '../../support/simulators/google-cloud.ts';
import { startOllamaSimulator } from '../../support/simulators/ollama.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('SDKs of every format give their spans without a line of code', async () => {
  const [collector, chat, aws, cohere, google, ollama] = await Promise.all([
    OtlpReceiver.start(),
    startChatSimulator({ firstTokenMs: [5, 10], tokensPerSecond: [900, 1_000] }),
    startAwsSimulator(),
    startCohereSimulator(),
    startGoogleCloudSimulator(),
    startOllamaSimulator(),
  ]);
  try {
    const simulators = {
      chat: chat.url,
      aws: aws.url,
      cohere: cohere.url,
      google: google.port,
      ollama: ollama.url,
    };
    const end = await run('more-sdks.mjs', {
      env: {
        SIMULATORS: JSON.stringify(simulators),
        EARSHOT_PROVIDER_HOSTS: `${new URL(chat.url).host}=mistral_ai`,
        METADATA_SERVER_DETECTION: 'none',
        NODE_NO_WARNINGS: '1',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      },
    });
    assert.equal(end.code, 0, end.stderr);
    assert.doesNotMatch(end.stderr, /is not instrumented|failed; the call goes on/);
    assert.deepEqual(
      collector.spans.map(({ name, attributes }) => `${attributes[ATTR.providerName]}: ${name}`).sort(),
      [
        'aws.bedrock: chat one',
        'aws.polly: tts',
        'cerebras: chat one',
        'cohere: chat one',
        'gcp.speech: tts',
        'mistral_ai: chat',
        'ollama: chat one',
      ],
    );
  } finally {
    google.close();
    await Promise.all([collector, chat, aws, cohere, ollama].map((each) => each.close()));
  }
});

test('a version that is followed on the wire is loaded without a warning', async (t) => {
  const folder = await temporaryFolder(t);
  const sdk = join(folder, 'node_modules/@deepgram/sdk');
  await mkdir(sdk, { recursive: true });
  await writeFile(join(sdk, 'package.json'), '{"name":"@deepgram/sdk","version":"3.13.0","main":"index.js"}');
  await writeFile(join(sdk, 'index.js'), "exports.name = 'three';");
  const app = join(folder, 'app.mjs');
  await writeFile(app, "import { name } from '@deepgram/sdk'; console.log(name);");
  const end = await run(app, { env: { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' } });
  assert.equal(end.stdout, 'three\n');
  assert.doesNotMatch(end.stderr, /not instrumented/);
});
