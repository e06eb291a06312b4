import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChatTruth, startChatSimulator } from '../../../demo/simulators/chat.ts';
import { type DeepgramTruth, startDeepgramSimulator } from '../../../demo/simulators/deepgram.ts';
import type { Database } from '../../../exporter/store/index.ts';
import type { Heard, Spoken } from '../livekit/audio.ts';
import { type SpeechTruth, startSpeechServer } from '../livekit/speech-server.ts';
import { PROVIDER_HOSTS, type StoredCall, storedCall } from '../observed-world.ts';
import { poll } from '../poll.ts';
import { Program, type ProgramOptions } from '../program.ts';
import { readStalls, STALL_PROBE, type Stall, watchStalls } from '../stalls.ts';

/** What the caller said and heard, as the caller knows it. */
interface Conversation {
  readonly spoken: readonly Spoken[];
  readonly heard: readonly Heard[];
  readonly reported: readonly { readonly latency: number; readonly startMs: number }[];
}

/** A session of the example, and what all who took part in it know. */
export interface Played {
  readonly conversation: Conversation;
  readonly chat: readonly ChatTruth[];
  readonly listened: readonly DeepgramTruth[];
  readonly speech: readonly SpeechTruth[];
  /** Of this process, which is the servers, and of the session's. */
  readonly stalls: readonly Stall[];
}

/**
 * Runs the example's session in a process of its own, against simulators.
 *
 * @param ready Awaited between what warms the process up and the session. (Default: there is nothing to wait for.)
 */
export async function playLiveKitExample(
  { nodeArgs, args, env }: Required<Pick<ProgramOptions, 'nodeArgs' | 'args' | 'env'>>,
  ready: () => Promise<void> = async () => {},
): Promise<Played> {
  const [recogniser, chat] = await Promise.all([
    startDeepgramSimulator(),
    // Fast, so that an answer has its usage before someone talks over it.
    startChatSimulator({ tokensPerSecond: [150, 200] }),
  ]);
  const speech = await startSpeechServer(chat.url);
  const folder = await mkdtemp(join(tmpdir(), 'earshot-test-'));
  const [stallsFile, goFile] = [join(folder, 'stalls.json'), join(folder, 'go')];
  const own = watchStalls();
  try {
    const program = new Program('livekit-session.mjs', {
      nodeArgs: [...nodeArgs, ...STALL_PROBE],
      args,
      env: {
        DEEPGRAM_API_KEY: 'none',
        DEEPGRAM_URL: recogniser.wsUrl,
        OPENAI_API_KEY: 'none',
        OPENAI_BASE_URL: `${speech.url}/v1`,
        OTEL_METRICS_EXPORTER: 'none',
        ...PROVIDER_HOSTS,
        OTEL_TRACES_EXPORTER: 'none',
        STALLS_FILE: stallsFile,
        GO_FILE: goFile,
        ...env,
      },
    });
    await Promise.race([program.printed('ready'), program.ended]);
    await ready();
    await writeFile(goFile, '');
    const { code, stdout, stderr } = await program.ended;
    assert.equal(code, 0, stderr);
    const line = stdout.split('\n').find((each) => each.startsWith('{'));
    assert.ok(line, stdout + stderr);
    // The first of each is the program's warm-up.
    const warmUp = chat.truth[0]?.requestId;
    return {
      conversation: JSON.parse(line),
      chat: chat.truth.filter(({ requestId }) => requestId !== warmUp),
      listened: recogniser.truth,
      speech: speech.truth.slice(1),
      stalls: [...own, ...(await readStalls(stallsFile))],
    };
  } finally {
    await Promise.all([recogniser.close(), chat.close(), speech.close()]);
    await rm(folder, { recursive: true, force: true });
  }
}

/** The only call of a database, with its rows. */
export async function onlyCall(db: Database): Promise<StoredCall> {
  const call = await poll(
    async () => (await db.query<{ call_id: string }>('SELECT call_id FROM earshot.call_metrics'))[0],
    { what: 'a call', deadlineMs: 20_000, intervalMs: 50 },
  );
  const stored = await storedCall(db, call.call_id);
  const ids = await db.query<{ call_id: string }>(
    'SELECT DISTINCT call_id FROM (SELECT call_id FROM earshot.call_spans UNION SELECT call_id FROM earshot.call_metrics) AS every',
  );
  assert.deepEqual(ids, [{ call_id: call.call_id }], 'spans of LiveKit’s own are of no call');
  return stored;
}
