import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { migrate, openPostgres } from '../../../exporter/store/index.ts';
import {
  callIdOf,
  type EverySdkWorld,
  GROUPS,
  KIND_NAMES,
  KINDS,
  type Kind,
  startEverySdkWorld,
} from '../../support/every-sdk.ts';
import { OtlpReceiver } from '../../support/otlp-receiver.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { fixture, type ProgramOptions, REGISTER, run } from '../../support/program.ts';
import { packageRoot } from '../../support/root.ts';
import { withoutVolatileSpool } from '../../support/volatile-spool.ts';

const OWN_PROVIDER = ['--import', pathToFileURL(fixture('own-provider.mjs')).href, '--import', REGISTER];

/** Where the package has what applications import. */
const BUILT: Readonly<Record<string, string>> = {
  'earshot/instrument': 'dist/instrumentation/instrument.js',
  earshot: 'dist/instrumentation/index.js',
};

/** What became of all kinds of work, done in one way. */
interface Done {
  /** What the application printed of a kind. */
  printed(kind: Kind): readonly string[];
  readonly stderr: string;
  /** Of a call: the call, its turns and its stages. */
  rows(callId: string): readonly string[];
  /** Names of the spans that were exported. */
  readonly spans: readonly string[];
}

interface Way extends ProgramOptions {
  /** (Default: all.) */
  readonly kinds?: readonly Kind[];
  /** Of each kind at once. (Default: 1.) */
  readonly calls?: number;
  readonly program?: string;
}

const stagesOf = ({ rows }: Done, kind: Kind): string[] =>
  [`${kind} 0`, callIdOf(kind)].flatMap(rows).filter((span) => !/^(call|turn)\b/.test(span));

describe('every SDK', { concurrency: 3 }, () => {
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

  /** Does kinds of work one after the other, in as few processes as can be. */
  async function work({ kinds = KIND_NAMES, ...way }: Way = {}): Promise<Done> {
    const parts: Done[] = [];
    for (const group of GROUPS.map((group) => group.filter((kind) => kinds.includes(kind))))
      if (group.length > 0) parts.push(await workOf(group, way));
    return {
      printed: (kind) => parts.flatMap((part) => part.printed(kind)),
      stderr: parts.map(({ stderr }) => stderr).join(''),
      rows: (callId) => parts.flatMap((part) => part.rows(callId)),
      spans: parts.flatMap(({ spans }) => spans).sort(),
    };
  }

  async function workOf(
    kinds: readonly Kind[],
    { calls = 1, program = 'every-sdk.mjs', env, nodeArgs }: Way,
  ): Promise<Done> {
    const receiver = await OtlpReceiver.start();
    const url = await postgres.createDatabase();
    const database = openPostgres({ url });
    try {
      // A process that ends at once may be too early for its own migration.
      await migrate(database);
      const end = await run(program, {
        args: [kinds.join(','), `${calls}`],
        env: {
          ...world.env(kinds[0] ?? 'twilio'),
          DATABASE_URL: url,
          OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
          OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
          ...env,
        },
        ...(nodeArgs && { nodeArgs }),
      });
      assert.equal(end.code, 0, end.stderr);
      const rows = await database.query<{ call_id: string; span: string }>(
        "SELECT call_id, concat_ws(' ', stage, turn_index) AS span FROM earshot.call_spans ORDER BY span",
      );
      const lines = end.stdout.split('\n');
      return {
        // What is of no kind is of all: a warning, an error that no one caught.
        printed: (kind) =>
          lines.filter(
            (line) =>
              line.startsWith(`${kind}: `) || !KIND_NAMES.some((each) => line.startsWith(`${each}: `)),
          ),
        stderr: end.stderr,
        rows: (id) => rows.filter(({ call_id }) => call_id === id).map(({ span }) => span),
        spans: receiver.spans.map(({ name }) => name),
      };
    } finally {
      await receiver.close();
      await database.close();
    }
  }

  const made = new Map<string, Promise<Done>>();
  /** The work done in a way, once for all tests that look at it. */
  const once = (name: string, way: () => Way | Promise<Way>): Promise<Done> => {
    const found = made.get(name) ?? Promise.resolve(way()).then(work);
    made.set(name, found);
    return found;
  };
  const usual = () => once('usual', () => ({}));

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

  const bundledWay = async (env: Readonly<Record<string, string>>): Promise<Way> => ({
    program: await bundle(),
    env,
    nodeArgs: ['--import', REGISTER, ...('WebSocket' in globalThis ? [] : ['--experimental-websocket'])],
  });

  for (const kind of KIND_NAMES) {
    const id = callIdOf(kind);

    test(`${kind}: the application sees the same as without earshot, and nothing is said to it`, async () => {
      const [without, observed] = await Promise.all([once('without', () => ({ nodeArgs: [] })), usual()]);
      assert.notDeepEqual(without.printed(kind), []);
      assert.deepEqual(observed.printed(kind), without.printed(kind));
      assert.equal(withoutVolatileSpool(observed.stderr), without.stderr);
    });

    test(`${kind}: what two calls do at once over one client belongs to each of them`, async () => {
      if (kind === 'twilio') return;
      const kinds = KIND_NAMES.filter((each) => each !== 'twilio');
      const { rows } = await once('two calls', () => ({ kinds, calls: 2 }));
      const expected = (await usual()).rows(id);
      assert.deepEqual([rows(callIdOf(kind, 0)), rows(callIdOf(kind, 1))], [expected, expected]);
    });

    test(`${kind}: rows are whole where nothing is sampled`, async () => {
      const { spans, rows } = await once('unsampled', () => ({ env: { OTEL_TRACES_SAMPLER: 'always_off' } }));
      assert.ok(rows(id).length > 1);
      assert.deepEqual(rows(id), (await usual()).rows(id));
      assert.deepEqual(spans, []);
    });

    test(`${kind}: rows and spans are the same beside the application's own OpenTelemetry`, async () => {
      const attached = { env: { EARSHOT_SDK: 'attach' }, nodeArgs: OWN_PROVIDER };
      const { spans, rows } = await once('attached', () => attached);
      const before = await usual();
      assert.deepEqual(rows(id), before.rows(id));
      assert.deepEqual(spans, before.spans);
    });

    test(`${kind}: one line of code does the same in a bundle, and without it nothing is seen`, async () => {
      const { rows } = await once('by hand', () => bundledWay({ BY_HAND: '1' }));
      assert.deepEqual(rows(id), (await usual()).rows(id));
      assert.deepEqual(stagesOf(await once('unseen', () => bundledWay({})), kind), []);
    });

    test(`${kind}: is left alone with ${KINDS[kind]} in EARSHOT_DISABLED_SDKS`, async () => {
      const packageName = KINDS[kind];
      const kinds = KIND_NAMES.filter((each) => KINDS[each] === packageName);
      const without = await once(`without ${packageName}`, () => ({
        kinds,
        env: { EARSHOT_DISABLED_SDKS: packageName },
      }));
      assert.deepEqual(stagesOf(without, kind), []);
    });
  }
});
