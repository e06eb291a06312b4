import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Database, openPostgres } from '../../../exporter/store/index.ts';
import type { CollectorFile, ContentMode } from '../deployment.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { packageRoot } from '../root.ts';
import { freePorts } from './free-ports.ts';
import { JaegerApi } from './jaeger-api.ts';
import { PrometheusApi } from './prometheus-api.ts';
import { ServiceProcess } from './service-process.ts';

/** The real programs, as scripts/stack.mjs hands them over; undefined: the machine has none. */
export const PROGRAMS = {
  collector: process.env.EARSHOT_STACK_COLLECTOR,
  jaeger: process.env.EARSHOT_STACK_JAEGER,
  prometheus: process.env.EARSHOT_STACK_PROMETHEUS,
  compose: process.env.EARSHOT_STACK_COMPOSE,
  /** A folder with the jars of Kafka. */
  kafka: process.env.EARSHOT_STACK_KAFKA,
  java: process.env.EARSHOT_STACK_JAVA,
} as const;

/** How long the stack may take to come back to rest after a fault: the longest pause of a retry, and then some. */
export const RECOVERY_MS = 60_000;

/** The built command line. */
export const CLI = fileURLToPath(new URL('../../../cli/main.js', import.meta.url));
const FAST = { EARSHOT_COLLECTOR_METRICS_INTERVAL: '1s' };

const url = (port: number | undefined, path = ''): string => `http://127.0.0.1:${port}${path}`;
const at = (port: number | undefined): string => `127.0.0.1:${port}`;

/** A collector with the files of collector-config, and where it listens. */
export interface Collector {
  readonly process: ServiceProcess;
  /** OTLP/HTTP. */
  readonly url: string;
  /** What it tells Prometheus. */
  readonly metricsUrl: string;
}

/** A gateway, and the worker that it sends to. */
export interface Gateway extends Collector {
  readonly serve: ServiceProcess;
}

/** Everything that docker-compose.yml runs but Grafana, as real programs on free ports of this machine. */
export interface Stack {
  readonly postgres: TestPostgres;
  readonly databaseUrl: string;
  readonly db: Database;
  /** As Grafana reads it. */
  readonly reader: Database;
  readonly serve: ServiceProcess;
  readonly jaegerProcess: ServiceProcess;
  readonly jaeger: JaegerApi;
  readonly prometheus: PrometheusApi;
  readonly collector: Collector;
  /** One more collector in front of the same. */
  startCollector(mode: ContentMode): Promise<Collector>;
  /** One gateway, with an `earshot serve` of its own on the same database. `broker`: with this Kafka in between. */
  startGateway(broker?: string): Promise<Gateway>;
  /** Stops everything that was started, and removes its data. */
  stop(): Promise<void>;
}

/** @throws Error with the output of the program that does not start; those that have are stopped then. */
export async function startStack(): Promise<Stack> {
  const { collector: collectorProgram, jaeger: jaegerProgram, prometheus: prometheusProgram } = PROGRAMS;
  if (!collectorProgram || !jaegerProgram || !prometheusProgram)
    throw new Error('npm run test:stack starts this.');
  const folder = await mkdtemp(join(tmpdir(), 'earshot-stack-'));
  const undo: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const stop = async () => {
    for (const each of undo.splice(0).reverse()) await each();
  };
  const started = <T extends { stop(): Promise<unknown> }>(service: T): T => {
    undo.push(() => service.stop());
    return service;
  };
  const opened = (database: Database): Database => {
    undo.push(() => database.close());
    return database;
  };

  async function startCollector(
    mode: ContentMode,
    addresses: Addresses,
    file: CollectorFile = 'collector',
    env: Readonly<Record<string, string>> = {},
  ): Promise<Collector> {
    const [grpc, http, health, metrics, telemetry] = addresses.collector ?? (await freePorts(5));
    const queue = await mkdtemp(join(folder, `queue-${file}-`));
    const process = started(
      await ServiceProcess.start({
        name: `${file} (${mode})`,
        command: collectorProgram ?? '',
        args: [file, 'content'].map(
          (name) => `--config=${join(packageRoot, 'collector-config', `${name}.yaml`)}`,
        ),
        cwd: folder,
        readyUrl: url(health),
        env: {
          ...FAST,
          EARSHOT_CONTENT: mode,
          EARSHOT_COLLECTOR_QUEUE: queue,
          EARSHOT_COLLECTOR_GRPC: at(grpc),
          EARSHOT_COLLECTOR_HTTP: at(http),
          EARSHOT_COLLECTOR_HEALTH: at(health),
          EARSHOT_COLLECTOR_METRICS: at(metrics),
          EARSHOT_COLLECTOR_TELEMETRY_HOST: '127.0.0.1',
          EARSHOT_COLLECTOR_TELEMETRY_PORT: String(telemetry),
          EARSHOT_JAEGER_ENDPOINT: at(addresses.jaegerOtlp),
          EARSHOT_SERVE_URL: url(addresses.serve),
          ...env,
        },
      }),
    );
    return { process, url: url(http), metricsUrl: url(metrics, '/metrics') };
  }

  try {
    const postgres = started(await startPostgres());
    const databaseUrl = await postgres.createDatabase();
    const ports = await freePorts(12);
    const [
      serve,
      jaegerOtlp,
      jaegerQuery,
      jaegerGrpc,
      jaegerHealth,
      jaegerTelemetry,
      prometheusPort,
      ...rest
    ] = ports;
    const addresses: Addresses = { serve, jaegerOtlp, collector: rest };

    const startServe = async (port: number | undefined): Promise<ServiceProcess> =>
      started(
        await ServiceProcess.start({
          name: 'earshot serve',
          command: process.execPath,
          args: [CLI, 'serve', '--port', String(port)],
          cwd: folder,
          readyUrl: url(port, '/readyz'),
          env: { DATABASE_URL: databaseUrl, EARSHOT_LOG_FORMAT: 'json' },
        }),
      );

    const jaegerProcess = started(
      await ServiceProcess.start({
        name: 'Jaeger',
        command: jaegerProgram,
        args: [`--config=${join(packageRoot, 'jaeger/config.yaml')}`],
        cwd: folder,
        readyUrl: url(jaegerHealth, '/status'),
        env: {
          EARSHOT_JAEGER_DATA: join(folder, 'jaeger'),
          EARSHOT_JAEGER_UI: join(packageRoot, 'jaeger/ui.json'),
          EARSHOT_JAEGER_OTLP: at(jaegerOtlp),
          EARSHOT_JAEGER_QUERY: at(jaegerQuery),
          EARSHOT_JAEGER_QUERY_GRPC: at(jaegerGrpc),
          EARSHOT_JAEGER_HEALTH: at(jaegerHealth),
          EARSHOT_JAEGER_TELEMETRY_PORT: String(jaegerTelemetry),
          EARSHOT_PROMETHEUS_URL: url(prometheusPort),
        },
      }),
    );
    const serveProcess = await startServe(serve);
    const db = opened(openPostgres({ url: databaseUrl }));
    await db.query(
      (await readFile(join(packageRoot, 'grafana/reader.sql'), 'utf8')).replace(":'password'", "'secret'"),
    );
    const reader = opened(openPostgres({ url: databaseUrl.replace('//earshot@', '//earshot_reader@') }));

    const collector = await startCollector('metadata', addresses);
    const targets = {
      'collector:8889': at(rest[3]),
      'earshot:4318': at(serve),
      'collector:8888': at(rest[4]),
      'jaeger:8888': at(jaegerTelemetry),
    };
    started(await startPrometheus(prometheusProgram, folder, prometheusPort, targets));
    return {
      postgres,
      databaseUrl,
      db,
      reader,
      serve: serveProcess,
      jaegerProcess,
      jaeger: new JaegerApi(url(jaegerQuery)),
      prometheus: new PrometheusApi(url(prometheusPort)),
      collector,
      startCollector: (mode) => startCollector(mode, { serve, jaegerOtlp }),
      startGateway: async (broker) => {
        const [own] = await freePorts(1);
        const serve = await startServe(own);
        const collector = await startCollector(
          'metadata',
          { serve: own, jaegerOtlp },
          broker === undefined ? 'gateway' : 'gateway-kafka',
          broker === undefined ? {} : { EARSHOT_KAFKA_BROKER: broker },
        );
        return { ...collector, serve };
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Addresses {
  readonly serve: number | undefined;
  readonly jaegerOtlp: number | undefined;
  readonly collector?: readonly number[];
}

/** With the shipped configuration: its addresses replaced, and a second where it waits fifteen. */
async function startPrometheus(
  command: string,
  folder: string,
  port: number | undefined,
  targets: Readonly<Record<string, string>>,
): Promise<ServiceProcess> {
  const home = join(folder, 'prometheus');
  await mkdir(home);
  await cp(join(packageRoot, 'prometheus/rules'), join(home, 'rules'), { recursive: true });
  let config = await readFile(join(packageRoot, 'prometheus/prometheus.yml'), 'utf8');
  for (const [shipped, actual] of Object.entries(targets)) {
    if (!config.includes(shipped)) throw new Error(`prometheus.yml has no target ${shipped}.`);
    config = config.replaceAll(shipped, actual);
  }
  config = config.replaceAll(/(scrape|evaluation)_interval: 15s/g, '$1_interval: 1s');
  await writeFile(join(home, 'prometheus.yml'), config);
  return ServiceProcess.start({
    name: 'Prometheus',
    command,
    args: [
      `--config.file=${join(home, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(home, 'data')}`,
      '--enable-feature=exemplar-storage',
      `--web.listen-address=${at(port)}`,
    ],
    cwd: home,
    readyUrl: url(port, '/-/ready'),
  });
}
