import { type Database, openPostgres } from '../../../exporter/store/index.ts';
import { type ObservedWorld, startObservedWorld } from '../observed-world.ts';
import { type Stack, startStack } from './stack.ts';

/** Of the agent whose calls go through the pipeline. */
export const SERVICE = 'phone-agent';

/** The whole pipeline, and an agent whose calls go through it. */
export interface ObservedStack {
  readonly stack: Stack;
  readonly world: ObservedWorld;
  /** The rows that the agent writes itself, past the whole pipeline: what should arrive. */
  readonly truth: Database;
  stop(): Promise<void>;
}

export async function startObservedStack(): Promise<ObservedStack> {
  const stack = await startStack();
  const truthUrl = await stack.postgres.createDatabase();
  const world = await startObservedWorld(truthUrl, {
    agent: {
      env: {
        OTEL_SERVICE_NAME: SERVICE,
        OTEL_TRACES_EXPORTER: 'otlp',
        OTEL_EXPORTER_OTLP_ENDPOINT: stack.collector.url,
        OTEL_BSP_SCHEDULE_DELAY: '300',
        OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true',
      },
    },
  });
  const truth = openPostgres({ url: truthUrl });
  return {
    stack,
    world,
    truth,
    async stop() {
      await world.close();
      await truth.close();
      await stack.stop();
    },
  };
}
