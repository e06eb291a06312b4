import { Faults } from '../../../demo/simulators/fault.ts';
import { createRandom } from '../../../demo/simulators/random.ts';
import { listenOnLoopback, recorder, type Simulator } from '../../../demo/simulators/server.ts';
import {
  AgentSession,
  type DeepgramAgentOptions,
  type DeepgramAgentTruth,
} from './deepgram-agent-session.ts';

/** A running voice agent simulator. */
export interface DeepgramAgentSimulator extends Simulator<DeepgramAgentTruth> {
  readonly wsUrl: string;
  readonly faults: Faults;
}

/**
 * Starts a server that speaks Deepgram's voice agent (`/v1/agent/converse`). It recognises the recordings of
 * demo/speech by their audio.
 */
export async function startDeepgramAgentSimulator(
  options: DeepgramAgentOptions = {},
): Promise<DeepgramAgentSimulator> {
  const truth: DeepgramAgentTruth[] = [];
  const faults = new Faults();
  let connections = 0;
  const server = await listenOnLoopback({
    onRequest: (_, response) => response.writeHead(404).end(),
    onUpgrade: ({ url, accept, refuse }) => {
      const fault = faults.take();
      const { pathname } = url;
      if (fault?.kind === 'status') return refuse(fault.status);
      if (pathname !== '/v1/agent/converse') return refuse(404);
      accept((ws) => {
        const random = createRandom(options.seed ?? 1, `agent:${++connections}`);
        const record = recorder(truth);
        const cutAfter = fault?.kind === 'cut' ? fault.afterChunks : Number.POSITIVE_INFINITY;
        new AgentSession(ws, { options, random, record, cutAfter }).start();
      });
    },
  });
  return {
    ...server,
    truth,
    faults,
  };
}
