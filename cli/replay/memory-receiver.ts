import { createLog, PipelineMetrics, Receiver } from '../../exporter/receiver/index.ts';
import type { Fact } from '../../model/facts.ts';
import { safeText } from '../../model/safe-text.ts';
import type { Settings } from '../../model/settings.ts';

/** Spans of one call, and of some that an agent makes besides. */
const MOST_FACTS = 100_000;

/** Takes spans on loopback and keeps what they say in memory: nothing of a replay is in any database. */
export interface MemoryReceiver {
  readonly url: string;
  /** Each span once. */
  readonly facts: readonly Fact[];
  stop(): Promise<void>;
}

export async function startMemoryReceiver(
  settings: Settings,
  warn: (text: string) => void,
): Promise<MemoryReceiver> {
  const facts = new Map<string, Fact>();
  const pipelineMetrics = new PipelineMetrics();
  const receiver = await Receiver.start({
    ...settings,
    host: '127.0.0.1',
    port: 0,
    adminPort: undefined,
    authToken: undefined,
    tokens: undefined,
    webhooks: undefined,
    recordings: undefined,
    backend: {
      ready: async () => true,
      commit: async (given) => {
        for (const fact of given)
          if (facts.size < MOST_FACTS) facts.set(`${fact.traceId}/${fact.spanId}/${fact.endUs}`, fact);
        return 0;
      },
    },
    pipelineMetrics,
    metricsEndpoint: { render: async () => ({ contentType: 'text/plain', body: '' }) },
    log: createLog({ level: 'warn', format: 'text', write: (line) => warn(safeText(line)) }),
  });
  return {
    url: receiver.url,
    get facts() {
      return [...facts.values()];
    },
    stop: async () => {
      await receiver.stop(5_000);
      pipelineMetrics.shutdown();
    },
  };
}
