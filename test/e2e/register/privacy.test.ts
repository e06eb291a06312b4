import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openPostgres } from '../../../exporter/store/index.ts';
import { ATTR } from '../../../model/semconv.ts';
import {
  CONNECTED_KINDS,
  callIdOf,
  type HostileWorld,
  KIND_NAMES,
  type Round,
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

describe('what was said', () => {
  let postgres: TestPostgres;
  let world: HostileWorld;
  before(async () => {
    [postgres, world] = await Promise.all([startPostgres(), startHostileWorld(SECRET)]);
  });
  after(async () => {
    await Promise.all([world?.close(), postgres?.stop()]);
  });

  interface Told {
    readonly stderr: string;
    readonly rows: readonly string[];
    /** Bodies that were exported. */
    readonly sent: readonly string[];
    /** So many spans of a call were exported. */
    spansOf(callId: string): number;
  }

  /** Everything that leaves a process: telemetry, rows, lines on stderr. */
  async function toldIn(rounds: readonly Round[]): Promise<Told> {
    const receiver = await OtlpReceiver.start();
    const url = await postgres.createMigrated();
    const database = openPostgres({ url });
    const end = await run('every-sdk.mjs', {
      args: [JSON.stringify(rounds)],
      env: {
        ...world.env,
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

  let all: Promise<Told> | undefined;
  /** Of one process: all kinds of work, then again with each of the services that answer with errors. */
  const told = (): Promise<Told> => {
    all ??= toldIn([
      { kinds: KIND_NAMES },
      ...HOSTILITIES.map((how) => ({ kinds: kindsWhere[how], simulators: world.hostile[how] })),
    ]);
    return all;
  };

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
        const { rows, sent, stderr } = await told();
        for (const each of [...sent, ...rows, stderr]) assert.doesNotMatch(each, PRIVATE);
      });
});
