import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { build } from 'esbuild';
import { type ChatSimulator, startChatSimulator } from '../../../demo/simulators/chat.ts';
import { OtlpReceiver } from '../../support/otlp-receiver.ts';
import { EARSHOT_FILES, fixture, run } from '../../support/program.ts';
import { packageRoot } from '../../support/root.ts';
import { type GeminiSimulator, startGeminiSimulator } from '../../support/simulators/gemini.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const AI = ['chat gpt-4o-mini', 'openai'] as const;
const GEMINI = ['chat gemini-3.8-flash', 'gcp.gemini'] as const;

describe('models asked through the AI SDK and @google/genai', { concurrency: 2 }, () => {
  let chat: ChatSimulator;
  let gemini: GeminiSimulator;
  before(async () => {
    chat = await startChatSimulator();
    gemini = await startGeminiSimulator();
  });
  after(async () => {
    await chat.close();
    await gemini.close();
  });

  /** Name and provider of the model spans that a program gives. */
  async function spansOf(program: string): Promise<unknown[]> {
    const collector = await OtlpReceiver.start();
    const end = await run(program, {
      env: {
        OPENAI_BASE_URL: `${chat.url}/v1`,
        GOOGLE_GEMINI_BASE_URL: gemini.url,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      },
    });
    await collector.close();
    assert.equal(end.code, 0, end.stderr);
    assert.match(end.stdout, /pasta/);
    return collector.spans.map(({ name, attributes }) => [name, attributes['gen_ai.provider.name']]);
  }

  for (const [program, span] of [
    ['ai-sdk.mjs', AI],
    ['gemini.mjs', GEMINI],
    ['gemini.cjs', GEMINI],
  ] as const)
    test(`${program}: a request gives its GenAI span without a line of code`, async () => {
      assert.deepEqual(await spansOf(program), [span]);
    });

  test('in a bundle, one line each does the same', async (t) => {
    const folder = await temporaryFolder(t);
    await symlink(join(packageRoot, 'node_modules'), join(folder, 'node_modules'));
    const bundle = join(folder, 'bundle.mjs');
    await build({
      entryPoints: [fixture('bundled-models.mjs')],
      outfile: bundle,
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'esm',
      // What is CommonJS inside asks for Node's modules by `require`.
      banner: { js: "import { createRequire as r } from 'node:module'; const require = r(import.meta.url);" },
      alias: EARSHOT_FILES,
      external: [join(packageRoot, 'dist/*')],
    });
    assert.deepEqual(await spansOf(bundle), [AI, GEMINI]);
  });
});
