import assert from 'node:assert/strict';
import { appendFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type ChatSimulator, startChatSimulator } from '../../../demo/simulators/chat.ts';
import { OtlpReceiver } from '../../support/otlp-receiver.ts';
import { REGISTER, run } from '../../support/program.ts';
import { packageRoot } from '../../support/root.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** Within a package, required one by another. */
const FILES = 50;
const QUIET = { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' };

describe('SDKs that the application loads', { concurrency: 2 }, () => {
  let chat: ChatSimulator;
  before(async () => {
    chat = await startChatSimulator();
  });
  after(() => chat.close());

  for (const program of ['chat.mjs', 'chat.cjs']) {
    test(`${program}: a request gives its GenAI span without a line of code`, async () => {
      const collector = await OtlpReceiver.start();
      const end = await run(program, {
        env: {
          GROQ_BASE_URL: chat.url,
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
          OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        },
      });
      await collector.close();
      assert.equal(end.code, 0, end.stderr);
      assert.notEqual(end.stdout, '');
      assert.deepEqual(
        collector.spans.map(({ name, attributes }) => [name, attributes['gen_ai.provider.name']]),
        [['chat llama-3.1-8b-instant', 'groq']],
      );
    });
  }

  test('EARSHOT_DISABLED_SDKS leaves them alone', async () => {
    const collector = await OtlpReceiver.start();
    const end = await run('chat.mjs', {
      env: {
        GROQ_BASE_URL: chat.url,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        EARSHOT_DISABLED_SDKS: 'openai, groq-sdk',
      },
    });
    await collector.close();
    assert.equal(end.code, 0, end.stderr);
    assert.deepEqual(collector.spans, []);
  });

  test('EARSHOT_DISABLED_SDKS with a name that is none is one line, and switches nothing off', async () => {
    const end = await run('loaded-sdk-files.mjs', { env: { ...QUIET, EARSHOT_DISABLED_SDKS: 'openia' } });
    assert.match(
      end.stderr,
      /EARSHOT_DISABLED_SDKS: saw "openia", which switches nothing off; expected names of packages out of .*\bopenai\b/,
    );
    assert.deepEqual(JSON.parse(end.stdout).after, ['groq.js']);
  });

  test('are all whose files are loaded', async () => {
    const end = await run('loaded-sdk-files.mjs', { env: QUIET });
    assert.equal(end.code, 0, end.stderr);
    assert.deepEqual(JSON.parse(end.stdout), { before: [], after: ['groq.js'] });
  });

  for (const [format, program] of [
    ['ES module', "import { name } from 'groq-sdk'; console.log(name);"],
    ['CommonJS', "const { name } = require('groq-sdk'); console.log(name);"],
  ] as const) {
    test(`an unsupported version loaded as ${format} is one warning and no patch`, async (t) => {
      const folder = await temporaryFolder(t);
      const sdk = join(folder, 'node_modules/groq-sdk');
      await mkdir(sdk, { recursive: true });
      await writeFile(join(sdk, 'package.json'), '{"name":"groq-sdk","version":"0.0.7","main":"index.js"}');
      await writeFile(join(sdk, 'index.js'), "exports.name = 'old';");
      const path = join(folder, format === 'CommonJS' ? 'app.cjs' : 'app.mjs');
      await writeFile(path, program);
      const end = await run(path, { env: QUIET });
      assert.equal(end.code, 0, end.stderr);
      assert.equal(end.stdout, 'old\n');
      assert.equal(
        end.stderr.match(/groq-sdk 0\.0\.7 is not instrumented; supported are/g)?.length,
        1,
        end.stderr,
      );
    });
  }

  for (const [format, load, extension] of [
    ['ES modules', (name: string) => `import '${name}';`, 'mjs'],
    ['CommonJS', (name: string) => `require('${name}');`, 'cjs'],
  ] as const)
    test(`an unsupported version that has several modules is one warning to any logger, loaded as ${format}`, async (t) => {
      const folder = await temporaryFolder(t);
      const sdk = join(folder, 'node_modules/openai');
      await mkdir(join(sdk, 'realtime'), { recursive: true });
      await symlink(
        join(packageRoot, 'node_modules/@opentelemetry'),
        join(folder, 'node_modules/@opentelemetry'),
      );
      await writeFile(join(sdk, 'package.json'), '{"name":"openai","version":"3.0.0"}');
      const modules = ['openai', 'openai/realtime/ws.js', 'openai/realtime/websocket.js'];
      for (const path of ['index.js', 'realtime/ws.js', 'realtime/websocket.js'])
        await writeFile(join(sdk, path), 'exports.OpenAI = class {};');
      for (let i = 0; i < FILES; i += 1)
        await writeFile(join(sdk, `file-${i}.js`), i + 1 < FILES ? `require('./file-${i + 1}.js');` : '');
      await appendFile(join(sdk, 'index.js'), "require('./file-0.js');");
      const app = join(folder, `app.${extension}`);
      await writeFile(app, modules.map(load).join('\n'));
      const logger = join(folder, 'logger.cjs');
      await writeFile(
        logger,
        `const fs = require('node:fs');
        const { readFileSync } = fs;
        let versionsRead = 0;
        fs.readFileSync = (path, ...rest) => {
          if (/openai.package.json$/.test(path)) versionsRead += 1;
          return readFileSync(path, ...rest);
        };
        process.on('exit', () => console.log(JSON.stringify({ versionsRead })));
        const quiet = () => {};
        const warn = (...said) => console.log(...said);
        require('@opentelemetry/api').diag.setLogger({ error: warn, warn, info: quiet, debug: quiet, verbose: quiet });`,
      );
      const end = await run(app, { env: QUIET, nodeArgs: ['--require', logger, '--import', REGISTER] });
      assert.equal(end.code, 0, end.stderr);
      assert.equal(end.stdout.match(/openai 3\.0\.0 is not instrumented/g)?.length, 1, end.stdout);
      const { versionsRead } = JSON.parse(end.stdout.trim().split('\n').at(-1) ?? '') as {
        versionsRead: number;
      };
      assert.ok(
        versionsRead > 0 && versionsRead < FILES,
        `${versionsRead}: not for files within the package`,
      );
    });
});
