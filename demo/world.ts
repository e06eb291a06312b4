import { type AgentExit, AgentProcess, type AgentProcessOptions } from './agent-process.ts';
import { type CallProgress, type CallTruth, makeCall } from './phone-caller.ts';
import { type ProvidersOptions, startProviders } from './providers.ts';
import { planCall, SCENARIOS, type Scenario } from './scenarios.ts';
import type { CartesiaSimulator } from './simulators/cartesia.ts';
import type { CartesiaTruth } from './simulators/cartesia-truth.ts';
import type { ChatSimulator, ChatTruth } from './simulators/chat.ts';
import type { DeepgramSimulator, DeepgramTruth } from './simulators/deepgram.ts';

/** What a watcher of the world is told. */
export type WorldProgress =
  | { readonly kind: 'agent_listening'; readonly url: string }
  | ({ readonly callSid: string; readonly scenario: Scenario } & CallProgress);

/** A world to start. */
export interface DemoWorldOptions extends ProvidersOptions {
  /** How the agent is started: Node's options, environment, folder. */
  readonly agent?: AgentProcessOptions;
  readonly onProgress?: (progress: WorldProgress) => void;
}

/** One call that was made, as the person on the telephone knows it. */
export interface WorldCall extends CallTruth {
  readonly scenario: Scenario;
}

/** What the three providers know about one call. */
export interface ProviderTruth {
  readonly deepgram: readonly DeepgramTruth[];
  readonly chat: readonly ChatTruth[];
  readonly cartesia: readonly CartesiaTruth[];
}

/** Simulated providers and an agent that uses them, ready to be called. */
export interface DemoWorld {
  readonly agent: AgentProcess;
  readonly deepgram: DeepgramSimulator;
  readonly chat: ChatSimulator;
  readonly cartesia: CartesiaSimulator;
  /**
   * Makes calls, all at the same time, and waits for their ends. (Default: one of each scenario.)
   *
   * @throws AggregateError when any of them went wrong, after all have ended.
   */
  makeCalls(scenarios?: readonly Scenario[]): Promise<WorldCall[]>;
  /** What the providers saw of a call, by the ids that the agent gives them. */
  providerTruth(callSid: string): ProviderTruth;
  /**
   * Stops the agent (it may take `deadlineMs` to drain; default 10 seconds) and everything else. Can be called again.
   */
  close(deadlineMs?: number): Promise<AgentExit>;
}

/** Of an agent that marks the end of each answer, as the example does: a shorter pause is a busy machine's. Milliseconds. */
const QUIET_MS = 10_000;

/**
 * Starts the Deepgram, Groq and Cartesia simulators and the example agent with its requests pointed at them.
 *
 * @throws Error when the agent does not start; the simulators are stopped then.
 */
export async function startDemoWorld(options: DemoWorldOptions = {}): Promise<DemoWorld> {
  const { onProgress } = options;
  const providers = await startProviders(options);
  const { deepgram, chat, cartesia } = providers;
  const env = { ...providers.env, ...options.agent?.env };
  let agent: AgentProcess;
  try {
    agent = await AgentProcess.start({ ...options.agent, env });
  } catch (error) {
    await providers.close();
    throw error;
  }
  onProgress?.({ kind: 'agent_listening', url: agent.url });

  let calls = 0;
  const makeOne = async (scenario: Scenario): Promise<WorldCall> => {
    const plan = planCall(scenario, calls++);
    const { callSid } = plan;
    const report = (progress: CallProgress): void => onProgress?.({ callSid, scenario, ...progress });
    return {
      scenario,
      ...(await makeCall(plan, { agentUrl: agent.url, onProgress: report, quietMs: QUIET_MS })),
    };
  };
  let closing: Promise<AgentExit> | undefined;
  const closeAll = async (deadlineMs?: number): Promise<AgentExit> => {
    try {
      return await agent.stop(deadlineMs);
    } finally {
      await providers.close();
    }
  };
  return {
    agent,
    deepgram,
    chat,
    cartesia,
    makeCalls: async (scenarios = SCENARIOS) => {
      const settled = await Promise.allSettled(scenarios.map(makeOne));
      const failed = settled.flatMap((call) => (call.status === 'rejected' ? [call.reason] : []));
      if (failed.length > 0) {
        const { stderr } = agent.output;
        throw new AggregateError(
          failed,
          `${failed.length} calls went wrong: ${failed.map(String).join('; ')}\n${stderr}`,
        );
      }
      return settled.flatMap((call) => (call.status === 'fulfilled' ? [call.value] : []));
    },
    providerTruth: (callSid) => ({
      deepgram: ofRequests(deepgram.truth, (event) => event.kind === 'opened' && event.query.tag === callSid),
      chat: ofRequests(chat.truth, (event) => event.kind === 'received' && event.user === callSid),
      cartesia: ofRequests(
        cartesia.truth,
        (event) => event.kind === 'received' && (event.clientRequestId ?? '').startsWith(callSid),
      ),
    }),
    close: (deadlineMs) => {
      closing ??= closeAll(deadlineMs);
      return closing;
    },
  };
}

/** The events of the requests of which one event is `wanted`. */
function ofRequests<E extends { readonly requestId: string }>(
  truth: readonly E[],
  wanted: (event: E) => boolean,
): readonly E[] {
  const ids = new Set(truth.filter(wanted).map((event) => event.requestId));
  return truth.filter((event) => ids.has(event.requestId));
}
