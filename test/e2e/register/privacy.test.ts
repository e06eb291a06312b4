import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openPostgres } from '../../../exporter/store/index.ts';
import { ATTR } from '../../../model/semconv.ts';
import {
  CONNECTED_KINDS,
  callIdOf,
  type EverySdkWorld,
  type HostileWorld,
  KIND_NAMES,
  type Round,
  startEverySdkWorld,
  startHostileWorld,
} from '../../support/every-sdk.ts';
import { OtlpReceiver } from '../../support/otlp-receiver.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { run } from '../../support/program.ts';

/** What users say, what models answer, what tools are asked with, and what services put into their errors. */
const SECRET = 'Zebulon Quisquater 0179 4455667';
/** Any part of it, or of the recording that is transcribed. */
const PRIVATE = /zebulon|quisquater|4455667|time do you close/i;

const HOSTILITIES = ['refuses', 'reports', 'closes'] as const;
/** Only who has a connection is told in other ways than by a refusal. */
const kindsWhere = { refuses: KIND_NAMES, reports: CONNECTED_KINDS, closes: CONNECTED_KINDS };

describe('what was said', { concurrency: 2 }, () => {
  let postgres: TestPostgres;
  let world: EverySdkWorld;
  let hostile: HostileWorld;
  before(async () => {
    [postgres, world, hostile] = await Promise.all([
      startPostgres(),
      startEverySdkWorld(SECRET),
      startHostileWorld(SECRET),
    ]);
  });
  after(async () => {
    await Promise.all([world?.close(), hostile?.close(), postgres?.stop()]);
  });

  interface Told {
    readonly stderr: string;
    readonly rows: readonly string[];
    /** Bodies that were exported. */
    readonly sent: readonly string[];
    /** So many spans of a call were exported. */
    spansOf(callId: string): number;
  }

  /** Everything that leaves a process which works in a world: telemetry, rows, lines on stderr. */
  async function toldIn({ env }: EverySdkWorld, rounds: readonly Round[]): Promise<Told> {
    const receiver = await OtlpReceiver.start();
    const url = await postgres.createMigrated();
    const database = openPostgres({ url });
    const end = await run('every-sdk.mjs', {
      args: [JSON.stringify(rounds)],
      env: {
        ...env,
        DATABASE_URL: url,
        OTEL_LOG_LEVEL: 'DEBUG',
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      },
    });
    await receiver.close();
    assert.equal(end.code, 0, end.stderr);
    const rows: string[] = [];
    try {
      for (const table of ['call_spans', 'call_logs', 'call_metrics', 'call_queue'])
        rows.push(
          ...(await database.query(`SELECT * FROM earshot.${table}`)).map((row) => JSON.stringify(row)),
        );
    } finally {
      await database.close();
    }
    const sent = receiver.requests.map(({ body }) => body.toString());
    const spansOf = (id: string) =>
      receiver.spans.filter(({ attributes }) => attributes[ATTR.callId] === id).length;
    return { stderr: end.stderr, rows, sent, spansOf };
  }

  const once = (work: () => Promise<Told>): (() => Promise<Told>) => {
    let told: Promise<Told> | undefined;
    return () => {
      told ??= work();
      return told;
    };
  };
  const told = once(() => toldIn(world, [{ kinds: KIND_NAMES }]));
  const toldOfErrors = once(() =>
    toldIn(
      hostile,
      HOSTILITIES.map((how) => ({ kinds: kindsWhere[how], simulators: hostile.simulators[how] })),
    ),
  );

  for (const kind of KIND_NAMES)
    test(`${kind}: is in no telemetry, no row and no diagnostic`, async () => {
      const { stderr, spansOf, rows, sent } = await told();
      const id = callIdOf(kind);
      const own = rows.filter((row) => row.includes(JSON.stringify(id)));
      assert.ok(spansOf(id) > 2 && own.length > 2, 'it was followed');
      for (const each of [...sent, ...rows, stderr]) assert.doesNotMatch(each, PRIVATE);
    });

  for (const how of HOSTILITIES)
    for (const kind of kindsWhere[how])
      test(`${kind}: is not told by the errors of a service that ${how}, with it in what it says`, async () => {
        const { rows, sent, stderr } = await toldOfErrors();
        for (const each of [...sent, ...rows, stderr]) assert.doesNotMatch(each, PRIVATE);
      });
});
