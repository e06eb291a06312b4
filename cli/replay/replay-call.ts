import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CallTruth } from '../../demo/phone-caller.ts';
import { type Deviation, Director } from '../../demo/replay/director.ts';
import type { CallScript } from '../../exporter/replay/script.ts';
import type { Fact } from '../../model/facts.ts';
import type { Settings } from '../../model/settings.ts';
import { CommandError } from '../command.ts';
import { watchedEnvironment } from '../watch/environment.ts';
import { registerUrl } from '../watch/project.ts';
import { freePort, startAgent } from './agent.ts';
import { startMemoryReceiver } from './memory-receiver.ts';

/** The agent of the demo. */
const OWN_AGENT = fileURLToPath(new URL('../../../examples/phone-agent/agent.js', import.meta.url));

/** How long a caller waits for an answer that does not come. */
const STEP_DEADLINE_MS = 60_000;

export interface ReplayOptions {
  readonly script: CallScript;
  readonly settings: Settings;
  /** Starts the agent. (Default: that of the demo.) */
  readonly command: readonly string[] | undefined;
  /** Where it is called. (Default: `/twiml` of the port that it gets in `PORT`.) */
  readonly url: URL | undefined;
  readonly say: (text: string) => void;
}

/** A call that was made in place of the saved one. */
export interface ReplayedCall {
  readonly callId: string;
  readonly truth: CallTruth;
  readonly deviations: readonly Deviation[];
  /** What the agent told of it. */
  readonly facts: readonly Fact[];
}

/**
 * Starts providers that keep to a script, an agent that uses them, calls it, and takes what it tells of the call. It takes as long as
 * the call did.
 * @throws CommandError when the agent does not start, or does not go on.
 */
export async function replayCall(options: ReplayOptions): Promise<ReplayedCall> {
  const { script, settings, say } = options;
  // They come with packages that only the demo needs.
  const [{ startProviders }, { makeCall }] = await Promise.all([
    import('../../demo/providers.ts'),
    import('../../demo/phone-caller.ts'),
  ]);
  const director = new Director(script);
  const providers = await startProviders({
    deepgram: { script: director.transcripts },
    chat: { scripted: (request) => director.answer(request) },
    cartesia: { scripted: (text, isRetry) => director.speech(text, isRetry) },
  });
  const receiver = await startMemoryReceiver(settings, say);
  const folder = await mkdtemp(join(tmpdir(), 'earshot-replay-'));
  try {
    const port = await freePort();
    const url = options.url ?? new URL(`http://127.0.0.1:${port}/twiml`);
    const env = {
      ...watchedEnvironment(process.env, {
        url: receiver.url,
        databaseUrl: NO_DATABASE,
        register: registerUrl(process.cwd()),
        serviceName: 'replayed-agent',
      }),
      ...providers.env,
      PORT: `${port}`,
      EARSHOT_SPOOL_DIR: folder,
    };
    const agent = await startAgent(options.command ?? [process.execPath, OWN_AGENT], env, url);
    const callId = `CA${randomBytes(16).toString('hex')}`;
    let truth: CallTruth;
    try {
      truth = await makeCall(
        {
          callSid: callId,
          direction: script.direction === 'outbound' ? 'outbound' : 'inbound',
          // Of the range that is reserved for fiction.
          ...{ from: '+12025550101', to: '+12025550100' },
          steps: director.steps,
        },
        {
          agentUrl: url.href,
          stepDeadlineMs: STEP_DEADLINE_MS,
          onProgress: (progress) => {
            if (progress.kind === 'said') say('the caller has spoken');
            if (progress.kind === 'answered') say(`the agent is heard after ${Math.round(progress.silenceMs)} ms`);
            if (progress.kind === 'cleared') say('the caller cuts the agent off');
          },
        },
      );
    } catch (error) {
      await agent.stop();
      throw new CommandError(
        `the call came to no end: ${(error as Error).message}.${agent.output === '' ? '' : `\n${agent.output.trimEnd()}`}`,
      );
    }
    // It sends what is left when it ends.
    await agent.stop();
    return { callId, truth, deviations: director.deviations, facts: ofCall(receiver.facts, callId) };
  } finally {
    await Promise.all([receiver.stop(), providers.close(), rm(folder, { recursive: true, force: true })]);
  }
}

/** An agent that writes rows in its own code must not write those of a replay into a database with calls of people. */
const NO_DATABASE = 'postgres://replay@127.0.0.1:1/replay';

/** Those of the call that was made; where an agent calls it otherwise, of the call with the most. */
function ofCall(facts: readonly Fact[], callId: string): Fact[] {
  const byCall = new Map<string, Fact[]>();
  for (const fact of facts) byCall.set(fact.callId, [...(byCall.get(fact.callId) ?? []), fact]);
  return byCall.get(callId) ?? [...byCall.values()].sort((a, b) => b.length - a.length)[0] ?? [];
}
