import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { openPostgres } from '../../../exporter/store/postgres.ts';
import {
  type EverySdkWorld,
  KIND_NAMES,
  KINDS,
  type Kind,
  startEverySdkWorld,
} from '../../support/every-sdk.ts';
import { OtlpReceiver } from '../../support/otlp-receiver.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { fixture, type ProgramOptions, REGISTER, run } from '../../support/program.ts';
import { packageRoot } from '../../support/root.ts';

const OWN_PROVIDER = ['--import', pathToFileURL(fixture('own-provider.mjs')).href, '--import', REGISTER];

/** Where the package has what applications import. */
const BUILT: Readonly<Record<string, string>> = {
  'earshot/instrument': 'dist/instrumentation/instrument.js',
  earshot: 'dist/instrumentation/index.js',
};
const stagesOf = (rows: (callId: string) => string[]): string[] =>
  ['call-0', 'CA1'].flatMap(rows).filter((span) => !/^(call|turn)\b/.test(span));

describe('every SDK', { concurrency: 2 }, () => {
  let postgres: TestPostgres;
  let world: EverySdkWorld;
  let folder: string | undefined;
  before(async () => {
    [postgres, world] = await Promise.all([startPostgres(), startEverySdkWorld('Zebulon')]);
  });
  after(async () => {
    await Promise.all([world?.close(), postgres?.stop()]);
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  /** Does a kind of work, in as many calls at once; gives what became of each call. */
  async function work(
    kind: Kind,
    calls = 1,
    { env, nodeArgs }: ProgramOptions = {},
    program = 'every-sdk.mjs',
  ) {
    const receiver = await OtlpReceiver.start();
    const url = await postgres.createDatabase();
    const spoolDir = await mkdtemp(join(tmpdir(), 'earshot-test-spool-'));
    const end = await run(program, {
      args: [kind, `${calls}`],
      env: {
        ...world.env(kind),
        DATABASE_URL: url,
        EARSHOT_SPOOL_DIR: spoolDir,
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        ...env,
      },
      ...(nodeArgs && { nodeArgs }),
    });
    await receiver.close();
    assert.equal(end.code, 0, end.stderr);
    // What a machine had no time to write before the exit waits there for another process, and would be missed here.
    assert.deepEqual(await readdir(spoolDir), [], end.stderr);
    await rm(spoolDir, { recursive: true });
    const database = openPostgres({ url });
    try {
      const rows = await database.query<{ call_id: string; span: string }>(
        "SELECT call_id, concat_ws(' ', stage, turn_index) AS span FROM call_spans ORDER BY span",
      );
      const of = (id: string) => rows.filter(({ call_id }) => call_id === id).map(({ span }) => span);
      return { end, spans: receiver.spans, rows: of };
    } finally {
      await database.close();
    }
  }
  const alone = new Map<Kind, ReturnType<typeof work>>();
  /** What the other tests compare with. */
  const usual = (kind: Kind): ReturnType<typeof work> => {
    const found = alone.get(kind) ?? work(kind);
    alone.set(kind, found);
    return found;
  };

  let bundled: Promise<string> | undefined;
  /** The program and all its SDKs as one file, away from their `node_modules`, with their names minified. */
  const bundle = (): Promise<string> => {
    bundled ??= (async () => {
      folder = await mkdtemp(join(tmpdir(), 'earshot-bundle-'));
      await symlink(join(packageRoot, 'node_modules'), join(folder, 'node_modules'));
      const outfile = join(folder, 'bundle.mjs');
      await build({
        entryPoints: [fixture('every-sdk.mjs')],
        outfile,
        bundle: true,
        minify: true,
        platform: 'node',
        format: 'esm',
        // What is CommonJS inside asks for Node's modules by `require`.
        banner: {
          js: "import { createRequire as r } from 'node:module'; const require = r(import.meta.url);",
        },
        alias: Object.fromEntries(
          ['earshot/instrument', 'earshot'].map((name) => [name, join(packageRoot, BUILT[name] ?? '')]),
        ),
        external: [join(packageRoot, 'dist/*')],
      });
      return outfile;
    })();
    return bundled;
  };

  for (const kind of KIND_NAMES) {
    const id = kind === 'twilio' ? 'CA1' : 'call-0';

    test(`${kind}: the application sees the same as without earshot, and nothing is said to it`, async () => {
      const without = await run('every-sdk.mjs', { args: [kind], env: world.env(kind), nodeArgs: [] });
      const { end } = await usual(kind);
      assert.equal(end.stdout, without.stdout);
      assert.equal(end.stderr, without.stderr);
    });

    test(`${kind}: what two calls do at once over one client belongs to each of them`, async () => {
      if (kind === 'twilio') return;
      const { rows } = await work(kind, 2);
      const expected = (await usual(kind)).rows('call-0');
      assert.deepEqual([rows('call-0'), rows('call-1')], [expected, expected]);
    });

    test(`${kind}: rows are whole where nothing is sampled`, async () => {
      const { spans, rows } = await work(kind, 1, { env: { OTEL_TRACES_SAMPLER: 'always_off' } });
      assert.deepEqual(rows(id), (await usual(kind)).rows(id));
      assert.deepEqual(spans, []);
    });

    test(`${kind}: rows and spans are the same beside the application's own OpenTelemetry`, async () => {
      const { spans, rows } = await work(kind, 1, { env: { EARSHOT_SDK: 'attach' }, nodeArgs: OWN_PROVIDER });
      const before = await usual(kind);
      assert.deepEqual(rows(id), before.rows(id));
      assert.deepEqual(spans.map(({ name }) => name).sort(), before.spans.map(({ name }) => name).sort());
    });

    test(`${kind}: one line of code does the same in a bundle, and without it nothing is seen`, async () => {
      const nodeArgs = [
        '--import',
        REGISTER,
        ...('WebSocket' in globalThis ? [] : ['--experimental-websocket']),
      ];
      const file = await bundle();
      const { rows } = await work(kind, 1, { nodeArgs, env: { BY_HAND: '1' } }, file);
      assert.deepEqual(rows(id), (await usual(kind)).rows(id));
      const { rows: unseen } = await work(kind, 1, { nodeArgs }, file);
      assert.deepEqual(stagesOf(unseen), []);
    });

    test(`${kind}: is left alone with ${KINDS[kind]} in EARSHOT_DISABLED_SDKS`, async () => {
      const { rows } = await work(kind, 1, { env: { EARSHOT_DISABLED_SDKS: KINDS[kind] } });
      assert.deepEqual(stagesOf(rows), []);
    });
  }
});
