import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CallProgress, CallTruth } from '../../demo/phone-caller.ts';
import type { Provider } from '../../demo/replay/director.ts';
import type { MadeCall } from '../../demo/replay/stage.ts';
import type { CallScript } from '../../exporter/replay/script.ts';
import type { Fact } from '../../model/facts.ts';
import type { Settings } from '../../model/settings.ts';
import { CommandError } from '../command.ts';
import { watchedEnvironment } from '../watch/environment.ts';
import { registerUrl } from '../watch/project.ts';
import { freePort, startAgent } from './agent.ts';
import { startMemoryReceiver } from './memory-receiver.ts';
import { unaskedText } from './render.ts';

/** The agent of the demo. */
const OWN_AGENT = fileURLToPath(new URL('../../../examples/phone-agent/agent.js', import.meta.url));

/** How long a caller waits for an answer that does not come. */
const STEP_DEADLINE_MS = 60_000;

export interface ReplayOptions {
  readonly script: CallScript;
  readonly settings: Settings;
  /** Starts the agent. (Default: that of the demo.) */
  readonly command: readonly string[] | undefined;
  /** Calls it once before, for a moment. */
  readonly warmUp: boolean;
  /** Where it is called. (Default: `/twiml` of the port that it gets in `PORT`.) */
  readonly url: URL | undefined;
  readonly say: (text: string) => void;
  /** Ends the agent and the call. */
  readonly interrupted: AbortSignal;
}

/** A call that was made in place of the saved one. */
export interface ReplayedCall extends MadeCall {
  /** What the agent reported about it. */
  readonly facts: readonly Fact[];
  /** The first of the providers that stood in which it did not ask. */
  readonly unasked: Provider | undefined;
}

/** What is said to an agent first: the first answer of a process takes a tenth of a second longer than any other. */
const WARM_UP: CallScript = {
  direction: 'inbound',
  exchanges: [
    {
      turns: [0],
      speech: { after: 'connect', afterMs: 300, ms: 800, pauses: [], text: 'Hello there' },
      requests: [{ firstMs: 50, ms: 100, textMs: 50 }],
      syntheses: [{ firstMs: 50, ms: 100, audioMs: 400 }],
      answer: 'Hello to you.',
      cutOff: false,
    },
  ],
  hangUpMs: 100,
};

/**
 * Starts providers that keep to a script, an agent that uses them, calls it, and collects what it reports about the call. It takes as long as
 * the call did.
 * @throws CommandError when the agent does not start, does not go on, or is interrupted.
 */
export async function replayCall(options: ReplayOptions): Promise<ReplayedCall> {
  const { settings, say, script, interrupted } = options;
  const { startStage } = await import('../../demo/replay/stage.ts');
  const stage = await startStage();
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
      ...stage.env,
      PORT: `${port}`,
      EARSHOT_SPOOL_DIR: folder,
    };
    const agent = await startAgent(options.command ?? [process.execPath, OWN_AGENT], env, url, interrupted);
    const make = (of: CallScript, onProgress: (progress: CallProgress) => void) =>
      unless(
        interrupted,
        stage.makeCall(of, { agentUrl: url.href, stepDeadlineMs: STEP_DEADLINE_MS, onProgress }),
      );
    let made: MadeCall;
    try {
      if (options.warmUp) {
        say('the agent is called once to warm up');
        await make({ ...WARM_UP, direction: script.direction }, () => {});
      }
      made = await make(script, (progress) => {
        const text = progressText(progress);
        if (text !== undefined) say(text);
      });
    } catch (error) {
      const ended = await agent.end();
      const why =
        ended === undefined ? stage.unasked && unaskedText(stage.unasked) : `The agent is gone: ${ended}.`;
      const said = [`the call came to no end: ${(error as Error).message}.`, why].filter(Boolean).join(' ');
      throw new CommandError(agent.output === '' ? said : `${said}\n${agent.output.trimEnd()}`);
    } finally {
      // It sends what is left when it ends.
      await agent.stop();
    }
    return { ...made, facts: ofCall(receiver.facts, made.truth), unasked: stage.unasked };
  } finally {
    await Promise.all([receiver.stop(), stage.close(), rm(folder, { recursive: true, force: true })]);
  }
}

/** What a promise gives, unless the signal comes first. @throws the signal's reason */
function unless<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject);
  });
}

function progressText(progress: CallProgress): string | undefined {
  if (progress.kind === 'said') return 'the caller has spoken';
  if (progress.kind === 'answered') return `the agent is heard after ${Math.round(progress.silenceMs)} ms`;
  return progress.kind === 'cleared' ? 'the caller cuts the agent off' : undefined;
}

/** An agent that writes rows in its own code must not write those of a replay into a database with calls of people. */
const NO_DATABASE = 'postgres://replay@127.0.0.1:1/replay';

/** Those of the call that was made; of an agent that calls it otherwise, the call with the most of what began with it or later. */
function ofCall(facts: readonly Fact[], { callSid, connectedMicros }: CallTruth): Fact[] {
  const byCall = new Map<string, Fact[]>();
  for (const fact of facts)
    if (fact.callId === callSid || fact.startUs >= connectedMicros)
      byCall.set(fact.callId, [...(byCall.get(fact.callId) ?? []), fact]);
  return byCall.get(callSid) ?? [...byCall.values()].sort((a, b) => b.length - a.length)[0] ?? [];
}
