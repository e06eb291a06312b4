import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentProcess } from '../../demo/agent-process.ts';
import { type CallerStep, makeCall } from '../../demo/phone-caller.ts';
import { planCall } from '../../demo/scenarios.ts';
import type { ProviderTruth, WorldCall } from '../../demo/world.ts';
import { PROVIDER_HOSTS, REGISTER } from './observed-world.ts';
import { poll } from './poll.ts';
import { packageRoot } from './root.ts';
import { type AnthropicTruth, startAnthropicSimulator } from './simulators/anthropic.ts';
import { startElevenLabsSimulator } from './simulators/elevenlabs.ts';
import type { ElevenLabsTruth } from './simulators/elevenlabs-truth.ts';

/** A call and what the providers know about it. */
interface MadeCall {
  readonly call: WorldCall;
  readonly truth: ProviderTruth;
}

/** The example agent of ElevenLabs and Anthropic under earshot, with its requests pointed at simulators. */
export interface ElevenLabsWorld {
  readonly agent: AgentProcess;
  /** Makes a call; one at a time. */
  call(steps: readonly CallerStep[]): Promise<MadeCall>;
  close(): Promise<void>;
}

/** @param env Of the agent, on top of what leads it to the simulators. */
export async function startElevenLabsWorld(
  databaseUrl: string,
  {
    seed = 1,
    nodeArgs = REGISTER,
    env = {},
  }: { seed?: number; nodeArgs?: readonly string[]; env?: object } = {},
): Promise<ElevenLabsWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-test-'));
  const elevenlabs = await startElevenLabsSimulator({ seed });
  const anthropic = await startAnthropicSimulator({ seed });
  const closeProviders = async (): Promise<void> => {
    await Promise.all([elevenlabs.close(), anthropic.close()]);
    await rm(folder, { recursive: true, force: true });
  };
  const cwd = join(packageRoot, 'examples/elevenlabs-agent');
  const agent = await AgentProcess.start({
    nodeArgs,
    cwd,
    program: join(cwd, 'agent.js'),
    env: {
      ELEVENLABS_API_KEY: 'simulated',
      ANTHROPIC_API_KEY: 'simulated',
      ELEVENLABS_BASE_URL: elevenlabs.url,
      ANTHROPIC_BASE_URL: anthropic.url,
      DATABASE_URL: databaseUrl,
      EARSHOT_SPOOL_DIR: join(folder, 'spool'),
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_METRICS_EXPORTER: 'none',
      ...PROVIDER_HOSTS,
      ...env,
    },
  }).catch(async (error) => {
    await closeProviders();
    throw error;
  });
  let calls = 0;
  return {
    agent,
    call: async (steps) => {
      const [speechBefore, chatBefore] = [elevenlabs.truth.length, anthropic.truth.length];
      const plan = { ...planCall('plain', calls++), steps };
      const call = { scenario: 'plain' as const, ...(await makeCall(plan, { agentUrl: agent.url })) };
      const speech = () => begunSince(elevenlabs.truth, speechBefore);
      await poll(() => speech().some(({ kind }) => kind === 'closed'));
      return { call, truth: inWords(speech(), begunSince(anthropic.truth, chatBefore)) };
    },
    close: async () => {
      await agent.stop();
      await closeProviders();
    },
  };
}

/** The events of requests of which none is among the first `before` events. */
function begunSince<E extends { readonly requestId: string }>(
  truth: readonly E[],
  before: number,
): readonly E[] {
  const known = new Set(truth.slice(0, before).map(({ requestId }) => requestId));
  return truth.slice(before).filter(({ requestId }) => !known.has(requestId));
}

/** What these providers know, in the words of those that the expectation is worked out from. */
function inWords(speech: readonly ElevenLabsTruth[], chat: readonly AnthropicTruth[]): ProviderTruth {
  return {
    deepgram: speech.flatMap(toDeepgram),
    cartesia: speech.flatMap((event) =>
      ['received', 'first_byte', 'finished', 'aborted', 'failed'].includes(event.kind)
        ? [event as never]
        : [],
    ),
    chat: chat.map((event) =>
      event.kind === 'finished'
        ? {
            ...event,
            usageSent: true,
            usage: {
              prompt_tokens: event.usage.input_tokens,
              completion_tokens: event.usage.output_tokens,
              total_tokens: event.usage.input_tokens + event.usage.output_tokens,
            },
          }
        : (event as never),
    ),
  };
}

function toDeepgram(event: ElevenLabsTruth): ProviderTruth['deepgram'] {
  const { atMicros, requestId } = event;
  if (event.kind === 'closed')
    return [{ kind: 'closed', atMicros, requestId, audioSeconds: event.audioSeconds, by: 'client' }];
  if (event.kind !== 'transcript') return [];
  const { message_type: type, text } = event.message;
  if (type !== 'partial_transcript' && type !== 'committed_transcript') return [];
  const message = {
    type: 'Results' as const,
    channel_index: [0, 1],
    start: 0,
    duration: 0,
    is_final: type === 'committed_transcript',
    speech_final: type === 'committed_transcript',
    from_finalize: false,
    channel: { alternatives: [{ transcript: String(text), confidence: 1, words: [] }] },
    metadata: { request_id: requestId, model_uuid: '', model_info: {} },
  };
  return [{ kind: 'sent', atMicros, requestId, message }];
}
