import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../test/support/root.ts';
import { freePorts } from '../test/support/stack/free-ports.ts';
import { ServiceProcess } from '../test/support/stack/service-process.ts';

/** A server of OTLP over HTTP, in a process of its own. */
export interface Target {
  readonly url: string;
  readonly pid: number;
}

/** Only from OTLP to the histograms that Prometheus reads: nothing is sent on, stored or left out. */
const ONLY_METRICS = `\
service:
  extensions: [health_check]
  pipelines:
    traces: { receivers: [otlp], processors: [memory_limiter], exporters: [span_metrics] }
    metrics: { receivers: [span_metrics], processors: [memory_limiter], exporters: [prometheus] }
`;

/** Where `scripts/stack.mjs` keeps what it has built. */
const cache =
  process.env.EARSHOT_STACK_CACHE ||
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'earshot-stack');

/** The Collector that was built last; undefined: none was. */
function program(): string | undefined {
  const built = (existsSync(cache) ? readdirSync(cache) : [])
    .filter((name) => name.startsWith('otelcol-'))
    .map((name) => join(cache, name));
  return built.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
}

/**
 * The real Collector with `collector-config/collector.yaml` up to its metrics, stopped by what is given to `after`.
 * @returns undefined where none is built.
 */
export async function startCollector(
  after: (cleanUp: () => Promise<unknown>) => void,
): Promise<Target | undefined> {
  const command = program();
  if (command === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'earshot-bench-collector-'));
  after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'only-metrics.yaml'), ONLY_METRICS);
  const configs = ['collector.yaml', 'content.yaml'].map((name) =>
    join(packageRoot, 'collector-config', name),
  );
  const [http, grpc, health, metrics, telemetry] = await freePorts(5);
  const collector = await ServiceProcess.start({
    name: 'the Collector',
    command,
    args: [...configs, join(folder, 'only-metrics.yaml')].map((file) => `--config=${file}`),
    cwd: folder,
    readyUrl: `http://127.0.0.1:${health}`,
    env: {
      EARSHOT_COLLECTOR_HTTP: `127.0.0.1:${http}`,
      EARSHOT_COLLECTOR_GRPC: `127.0.0.1:${grpc}`,
      EARSHOT_COLLECTOR_HEALTH: `127.0.0.1:${health}`,
      EARSHOT_COLLECTOR_METRICS: `127.0.0.1:${metrics}`,
      EARSHOT_COLLECTOR_TELEMETRY_PORT: String(telemetry),
      EARSHOT_COLLECTOR_QUEUE: join(folder, 'queue'),
    },
  });
  after(() => collector.stop());
  return { url: `http://127.0.0.1:${http}`, pid: collector.pid };
}
