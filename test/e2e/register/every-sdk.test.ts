import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { withoutMachineLines } from '../../../demo/machine-lines.ts';
import { openPostgres } from '../../../exporter/store/index.ts';
import { ATTR } from '../../../model/semconv.ts';
import {
  callIdOf,
  type EverySdkWorld,
  KIND_NAMES,
  KINDS,
  type Kind,
  type Round,
  startEverySdkWorld,
} from '../../support/every-sdk.ts';
import { OtlpReceiver } from '../../support/otlp-receiver.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { EARSHOT_FILES, fixture, type ProgramOptions, REGISTER, run } from '../../support/program.ts';
import { packageRoot } from '../../support/root.ts';

const OWN_PROVIDER = ['--import', pathToFileURL(fixture('own-provider.mjs')).href, '--import', REGISTER];

/** What the program prints of work that did not come to its end. */
const WENT_WRONG = /error|refused|closed|nothing|kept alive/i;

/** Every other package: what belongs together, or is used by one another, is not switched off together. */
const HALVES = [0, 1].map((half) => [...new Set(Object.values(KINDS))].filter((_, i) => i % 2 === half));

/** What became of all kinds of work, done in one way. */
interface Done {
  /** What the application printed of a kind. */
  printed(kind: Kind): readonly string[];
  readonly stderr: string;
  /** Of a call: the call, its turns and its stages. */
  rows(callId: string): readonly string[];
  /** Names of the spans of a call that were exported, and with none those of no call. */
  spans(callId?: string): readonly string[];
}

interface Way extends ProgramOptions {
  /** (Default: one, of all kinds.) */
  readonly rounds?: readonly Round[];
  readonly program?: string;
}

const ALONE: Round = { kinds: KIND_NAMES };
const AT_ONCE: Round = { kinds: KIND_NAMES, calls: 2 };

/** The ids of a kind's calls: the program's own, and the one that Twilio tells it. */
const callIds = (kind: Kind, number = 0): readonly string[] => [
  ...new Set([`${kind} ${number}`, callIdOf(kind, number)]),
];
const stagesOf = ({ rows }: Done, kind: Kind): string[] =>
  callIds(kind)
    .flatMap(rows)
    .filter((span) => !/^(call|turn)\b/.test(span));

/** Where the services are: hosts as of proxies before providers, whose paths say what is asked for. */
const hostsOf = ({ env }: EverySdkWorld): string[] =>
  Object.values(JSON.parse(env.SIMULATORS ?? '{}') as Readonly<Record<string, string>>).map(
    (url) => new URL(url).host,
  );

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

  /** Does the work in one process. */
  async function work({
    rounds = [ALONE],
    program = 'every-sdk.mjs',
    env,
    nodeArgs,
  }: Way = {}): Promise<Done> {
    const receiver = await OtlpReceiver.start();
    const url = await postgres.createMigrated();
    const database = openPostgres({ url });
    try {
      const end = await run(program, {
        args: [JSON.stringify(rounds)],
        env: {
          ...world.env,
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
        spans: (id) =>
          receiver.spans
            .filter(({ attributes }) => attributes[ATTR.callId] === id)
            .map(({ name }) => name)
            .sort(),
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
  const rounds = [ALONE, AT_ONCE];
  const usual = () => once('usual', () => ({ rounds }));

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
        alias: EARSHOT_FILES,
        external: [join(packageRoot, 'dist/*')],
      });
      return outfile;
    })();
    return bundled;
  };

  /** By hand, and nothing sampled: what patches an SDK is the same as where a hook does, and so is what it records. */
  const bundledWay = async (): Promise<Way> => ({
    program: await bundle(),
    env: { OTEL_TRACES_SAMPLER: 'always_off' },
    rounds: [ALONE, { ...ALONE, byHand: true }],
    nodeArgs: ['--import', REGISTER, ...('WebSocket' in globalThis ? [] : ['--experimental-websocket'])],
  });

  for (const kind of KIND_NAMES) {
    const id = callIdOf(kind);

    test(`${kind}: the application sees the same as without earshot, and nothing is said to it`, async () => {
      const [without, observed] = await Promise.all([
        once('without', () => ({ rounds, nodeArgs: [] })),
        usual(),
      ]);
      assert.match(without.printed(kind).join('\n'), new RegExp(`^${kind}: `));
      assert.doesNotMatch(without.printed(kind).join('\n'), WENT_WRONG);
      assert.deepEqual(observed.printed(kind), without.printed(kind));
      assert.equal(withoutMachineLines(observed.stderr), without.stderr);
    });

    test(`${kind}: what two calls do at once over one client belongs to each of them`, async () => {
      const { rows } = await usual();
      const expected = rows(id);
      assert.deepEqual([rows(callIdOf(kind, 1)), rows(callIdOf(kind, 2))], [expected, expected]);
    });

    test(`${kind}: rows are whole where nothing is sampled`, async () => {
      const { spans, rows } = await once('bundled', bundledWay);
      const { rows: sampled, spans: exported } = await usual();
      assert.ok(sampled(id).length > 1 && exported(id).length > 1);
      assert.deepEqual(rows(callIdOf(kind, 1)), sampled(id));
      assert.deepEqual([undefined, ...callIds(kind), ...callIds(kind, 1)].flatMap(spans), []);
    });

    test(`${kind}: rows and spans are the same, and once, beside the application's own OpenTelemetry, where sockets and requests are known without the SDK as well`, async () => {
      // Both at once: either alone would leave too much or too little.
      const attached = () => ({
        env: { EARSHOT_SDK: 'attach', EARSHOT_PROVIDER_HOSTS: hostsOf(world).join() },
        nodeArgs: OWN_PROVIDER,
      });
      const { spans, rows, printed } = await once('attached', attached);
      const before = await usual();
      assert.doesNotMatch(printed(kind).join('\n'), WENT_WRONG);
      assert.deepEqual(rows(id), before.rows(id));
      for (const callId of [undefined, ...callIds(kind)])
        assert.deepEqual(spans(callId), before.spans(callId));
    });

    test(`${kind}: one line of code does the same in a bundle, and without it nothing is seen`, async () => {
      const done = await once('bundled', bundledWay);
      assert.deepEqual(stagesOf(done, kind), []);
      assert.deepEqual(done.rows(callIdOf(kind, 1)), (await usual()).rows(id));
    });

    test(`${kind}: is left alone with ${KINDS[kind]} in EARSHOT_DISABLED_SDKS`, async () => {
      const packages = HALVES.find((half) => half.includes(KINDS[kind])) ?? [];
      const without = await once(`without ${packages}`, () => ({
        rounds: [{ kinds: KIND_NAMES.filter((each) => packages.includes(KINDS[each])) }],
        env: { EARSHOT_DISABLED_SDKS: packages.join() },
      }));
      assert.notDeepEqual(without.rows(`${kind} 0`), []);
      assert.deepEqual(stagesOf(without, kind), []);
    });
  }
});
