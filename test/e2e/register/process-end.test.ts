import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openPostgres } from '../../../exporter/store/postgres.ts';
import { getCallLogs, getCallMetrics } from '../../../exporter/store/read.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { Program, run } from '../../support/program.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** How a process may end in the middle of a call, and the signal that it is sent. */
const ENDS: readonly { how: string; signal?: NodeJS.Signals; code: number }[] = [
  { how: 'exits at once', code: 0 },
  { how: 'exits', code: 0 },
  { how: 'crashes', code: 1 },
  { how: 'is stopped', signal: 'SIGTERM', code: 143 },
  { how: 'drains', signal: 'SIGTERM', code: 0 },
];

describe('a process in the middle of a call', { concurrency: 2 }, () => {
  let postgres: TestPostgres;
  before(async () => {
    postgres = await startPostgres();
  });
  after(() => postgres?.stop());

  for (const { how, signal, code } of ENDS) {
    test(`${how}: the call is ended, and the next process has its row`, async (t) => {
      const url = await postgres.createDatabase();
      const env = {
        DATABASE_URL: url,
        EARSHOT_SPOOL_DIR: await temporaryFolder(t),
        EARSHOT_FINALIZE_DELAY: '0s',
        OTEL_TRACES_EXPORTER: 'none',
        OTEL_METRICS_EXPORTER: 'none',
      };
      const program = new Program('ends-mid-call.mjs', { args: ['call-cut', how], env });
      if (signal) {
        await program.printed('ready');
        program.kill(signal);
      }
      const end = await program.ended;
      assert.equal(end.code, code, end.stderr);
      await run('one-call.mjs', { args: ['next'], env });

      const database = openPostgres({ url });
      try {
        const call = await getCallMetrics(database, 'call-cut');
        assert.equal(call?.end_reason, 'process_exit', end.stderr);
        assert.equal(call.turn_count, 1);
        assert.equal(call.stt_audio_seconds, 1.5);
        const [turn] = await getCallLogs(database, 'call-cut');
        assert.equal(turn?.llm_provider, 'groq');
        assert.equal(turn.latency_llm, null);
      } finally {
        await database.close();
      }
    });
  }
});
