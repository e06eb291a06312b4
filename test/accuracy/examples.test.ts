import { after, before, describe, test } from 'node:test';
import { openPostgres } from '../../exporter/store/index.ts';
import { assertAccurate } from '../support/accuracy.ts';
import { callAiSdkAgent } from '../support/examples/ai-sdk.ts';
import { callElevenLabsAgent } from '../support/examples/elevenlabs-anthropic.ts';
import { callRealtimeAgent } from '../support/examples/openai-realtime.ts';
import { Meeting } from '../support/meeting.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startRealtimeSimulator } from '../support/simulators/openai-realtime.ts';

const MOST_ERROR_MS = 20;
const EXCUSED = { mostErrorMs: MOST_ERROR_MS, mostExcused: 1 };

// To start an agent is work; to talk with it is to wait, which three can do at the same time.
describe(`each latency is within ${MOST_ERROR_MS} ms of what the caller and the providers saw`, {
  concurrency: true,
}, () => {
  const started = new Meeting(3);
  let postgres: TestPostgres;
  before(async () => {
    postgres = await startPostgres();
  });
  after(() => postgres?.stop());

  async function withDatabase<Result>(
    use: (url: string, db: ReturnType<typeof openPostgres>) => Promise<Result>,
  ): Promise<Result> {
    const url = await postgres.createDatabase();
    const db = openPostgres({ url });
    return use(url, db).finally(() => db.close());
  }

  test('the agent that thinks with the AI SDK', (t) =>
    started.attend((arrive) =>
      assertAccurate(t, EXCUSED, () => withDatabase((url, db) => callAiSdkAgent(url, db, arrive))),
    ));

  test('the agent of ElevenLabs and Anthropic', (t) =>
    started.attend((arrive) =>
      assertAccurate(t, EXCUSED, () => withDatabase((url, db) => callElevenLabsAgent(url, db, arrive))),
    ));

  test('the speech-to-speech agent', async (t) => {
    const simulator = await startRealtimeSimulator();
    t.after(() => simulator.close());
    await started.attend((arrive) =>
      assertAccurate(t, { mostErrorMs: MOST_ERROR_MS }, () =>
        withDatabase((url, db) => callRealtimeAgent(url, db, simulator, arrive)),
      ),
    );
  });
});
