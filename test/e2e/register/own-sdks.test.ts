import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { transform } from 'esbuild';
import { OtlpReceiver } from '../../support/otlp-receiver.ts';
import { run } from '../../support/program.ts';
import { packageRoot } from '../../support/root.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const QUIET = { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' };

const SDK = `
exports.AcmeSpeech = class {
  async speak() {
    return ReadableStream.from([new Uint8Array(16000), new Uint8Array(16000)]);
  }
};`;
const AGENT = `
import { AcmeSpeech } from '@acme/speech';
const audio = await new AcmeSpeech().speak({ voice: 'nora', text: 'Hello there.' });
for await (const chunk of audio) console.log(chunk.length);`;

/** The project of someone who uses `@acme/speech` and has written its instrumentation beside the agent. */
async function project(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t);
  const sdk = join(folder, 'node_modules/@acme/speech');
  await mkdir(sdk, { recursive: true });
  await writeFile(join(sdk, 'package.json'), '{"name":"@acme/speech","version":"2.1.0","main":"index.js"}');
  await writeFile(join(sdk, 'index.js'), SDK);
  await symlink(packageRoot, join(folder, 'node_modules/earshot'));
  await mkdir(join(folder, 'node_modules/@opentelemetry'));
  await symlink(
    join(packageRoot, 'node_modules/@opentelemetry/api'),
    join(folder, 'node_modules/@opentelemetry/api'),
  );
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'agent.js'), AGENT);
  await cp(join(packageRoot, 'examples/own-sdk/acme-speech.js'), join(folder, 'acme-speech.js'));
  return folder;
}

/** What the agent prints, and what it is seen to do with the SDKs of its own that EARSHOT_SDKS names. */
async function traced(
  folder: string,
  sdks: string,
): Promise<{ stdout: string; spans: OtlpReceiver['spans'] }> {
  const collector = await OtlpReceiver.start();
  const { code, stdout, stderr } = await run(join(folder, 'agent.js'), {
    cwd: folder,
    env: {
      EARSHOT_SDKS: sdks,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    },
  });
  await collector.close();
  assert.equal(code, 0, stderr);
  return { stdout, spans: collector.spans };
}

describe('an SDK that the application instruments itself', { concurrency: 2 }, () => {
  test('is traced like the others, from one file that EARSHOT_SDKS names', async (t) => {
    const folder = await project(t);
    const { stdout, spans } = await traced(folder, './acme-speech.js');
    assert.equal(stdout, '16000\n16000\n');
    assert.deepEqual(
      spans.map(({ name, attributes }) => [
        name,
        attributes['gen_ai.provider.name'],
        Number(attributes['voice.usage.characters']),
        Number(attributes['voice.usage.audio_seconds']),
      ]),
      [['tts', 'acme', 12, 1]],
    );
  });

  test('is a folder as earshot’s own providers are, of no more than 60 lines', async (t) => {
    const folder = await project(t);
    const page = readFileSync(join(packageRoot, 'docs/adding-an-sdk.md'), 'utf8');
    const index = /```ts\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    const patch = readFileSync(join(folder, 'acme-speech.js'), 'utf8');
    assert.ok(`${index}${patch}`.split('\n').length <= 60);
    await mkdir(join(folder, 'acme'));
    await writeFile(join(folder, 'acme/index.js'), (await transform(index, { loader: 'ts' })).code);
    await writeFile(
      join(folder, 'acme/acme-speech.js'),
      `console.log('patch');\n${patch.replace(/export const acmeSpeech[\s\S]*?};\n/, '')}`,
    );
    const agent = `console.log('before'); await import('@acme/speech').then(async ({ AcmeSpeech }) => {
      for await (const _ of await new AcmeSpeech().speak({ voice: 'nora', text: 'Hello there.' }));
    });`;
    await writeFile(join(folder, 'agent.js'), agent);
    const { stdout, spans } = await traced(folder, './acme/index.js');
    // The patch is loaded with the SDK, not before.
    assert.equal(stdout, 'before\npatch\n');
    assert.deepEqual(
      spans.map(({ attributes }) => Number(attributes['voice.usage.audio_seconds'])),
      [1],
    );
  });

  test('is one line on stderr when its file cannot be used, and the application runs', async (t) => {
    const folder = await project(t);
    await writeFile(join(folder, 'empty.js'), 'export const nothing = 1;');
    const end = await run(join(folder, 'agent.js'), {
      cwd: folder,
      env: { ...QUIET, EARSHOT_SDKS: './missing.js, ./empty.js' },
    });
    assert.equal(end.code, 0, end.stderr);
    assert.equal(end.stdout, '16000\n16000\n');
    assert.match(end.stderr, /\.\/missing\.js could not be loaded/);
    assert.match(end.stderr, /\.\/empty\.js exports no instrumentation; expected/);
  });
});
