import { after, before, describe, test } from 'node:test';
import { type Database, openPostgres } from '../../exporter/store/index.ts';
import { assertAccurate, type Bounds, type Claims, type Measured } from '../support/accuracy.ts';
import { type AiSdkCall, callAiSdkAgent } from '../support/examples/ai-sdk.ts';
import { callElevenLabsAgent, type ElevenLabsCall } from '../support/examples/elevenlabs-anthropic.ts';
import { callRealtimeAgent, type RealtimeCall } from '../support/examples/openai-realtime.ts';
import { Meeting } from '../support/meeting.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { type RealtimeSimulator, startRealtimeSimulator } from '../support/simulators/openai-realtime.ts';
import { AI_SDK_CLAIMS } from './examples/ai-sdk.ts';
import { ELEVENLABS_CLAIMS } from './examples/elevenlabs-anthropic.ts';
import { REALTIME_CLAIMS } from './examples/openai-realtime.ts';

const MOST_ERROR_MS = 20;
const EXCUSED = { mostErrorMs: MOST_ERROR_MS, mostExcused: 1 };

type Ready = () => Promise<void>;

let postgres: TestPostgres;
let simulator: RealtimeSimulator;
let aiSdk: Promise<AiSdkCall>;
let elevenLabs: Promise<ElevenLabsCall>;
let realtime: Promise<RealtimeCall>;

const callAiSdk = (ready?: Ready) => withDatabase((url, db) => callAiSdkAgent(url, db, ready));
const callElevenLabs = (ready?: Ready) => withDatabase((url, db) => callElevenLabsAgent(url, db, ready));
const callRealtime = (ready?: Ready) =>
  withDatabase((url, db) => callRealtimeAgent(url, db, simulator, ready));

// To start an agent is work; to talk with it is to wait, which three can do at the same time.
before(async () => {
  [postgres, simulator] = await Promise.all([startPostgres(), startRealtimeSimulator()]);
  const started = new Meeting(3);
  aiSdk = started.attend(callAiSdk);
  elevenLabs = started.attend(callElevenLabs);
  realtime = started.attend(callRealtime);
  // Each fails the tests of its own.
  await Promise.allSettled([aiSdk, elevenLabs, realtime]);
});
after(() => Promise.all([postgres?.stop(), simulator?.close()]));

async function withDatabase<Result>(use: (url: string, db: Database) => Promise<Result>): Promise<Result> {
  const url = await postgres.createMigrated();
  const db = openPostgres({ url });
  return use(url, db).finally(() => db.close());
}

function claim<Run extends Measured>(
  claims: Claims<Run>,
  bounds: Bounds,
  made: () => Promise<Run>,
  again: () => Promise<Run>,
): void {
  for (const [what, holds] of Object.entries(claims)) test(what, async () => holds(await made()));
  test(`each latency is within ${bounds.mostErrorMs} ms of what the caller and the providers saw`, async (t) =>
    assertAccurate(t, bounds, again, await made()));
}

describe('the agent that thinks with the AI SDK', () =>
  claim(AI_SDK_CLAIMS, EXCUSED, () => aiSdk, callAiSdk));

describe('the agent of ElevenLabs and Anthropic', () =>
  claim(ELEVENLABS_CLAIMS, EXCUSED, () => elevenLabs, callElevenLabs));

describe('the speech-to-speech agent', () =>
  claim(REALTIME_CLAIMS, { mostErrorMs: MOST_ERROR_MS }, () => realtime, callRealtime));
