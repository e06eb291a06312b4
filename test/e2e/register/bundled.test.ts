import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { build } from 'esbuild';
import { startChatSimulator } from '../../../demo/simulators/chat.ts';
import { OtlpReceiver } from '../../support/otlp-receiver.ts';
import { EARSHOT_FILES, fixture, run } from '../../support/program.ts';
import { packageRoot } from '../../support/root.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** The names and providers of the spans that a program gives once it is one file, away from its `node_modules`. */
async function spansOfBundle(t: TestContext, program: string, options: { minify: boolean }) {
  const folder = await temporaryFolder(t);
  await symlink(join(packageRoot, 'node_modules'), join(folder, 'node_modules'));
  const bundle = join(folder, 'bundle.mjs');
  await build({
    entryPoints: [fixture(program)],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    // The package refers to itself here; an application has it in its node_modules.
    alias: EARSHOT_FILES,
    external: [join(packageRoot, 'dist/*')],
    ...options,
  });
  const chat = await startChatSimulator();
  const collector = await OtlpReceiver.start();
  const end = await run(bundle, {
    env: {
      GROQ_BASE_URL: chat.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    },
  });
  await Promise.all([collector.close(), chat.close()]);
  assert.equal(end.code, 0, end.stderr);
  return collector.spans.map(({ name, attributes }) => [name, attributes['gen_ai.provider.name']]);
}

describe('an application that is bundled into one file', () => {
  for (const minify of [false, true])
    test(`is instrumented by hand${minify ? ', with its names minified' : ''}`, async (t) => {
      assert.deepEqual(await spansOfBundle(t, 'bundled-chat.mjs', { minify }), [
        ['chat llama-3.1-8b-instant', 'groq'],
      ]);
    });

  test('is not seen by the hooks alone, which is why', async (t) => {
    assert.deepEqual(await spansOfBundle(t, 'chat.mjs', { minify: false }), []);
  });
});
