/** Where the command that is watched sends what, and by what. */
export interface WatchTarget {
  /** Where spans are taken: `http://127.0.0.1:4318`. */
  readonly url: string;
  /** Of the database that rows go to, for a command that writes to it in its own code. Secret. */
  readonly databaseUrl: string;
  /** URL of the file of `earshot/register`. */
  readonly register: string;
  /** For a command that has no name of its own. */
  readonly serviceName: string;
  /** Record what was said. Absent: as the environment has it. */
  readonly captureContent?: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Sooner than the standard's five seconds: someone is looking. */
const EXPORT_EVERY_MS = '500';

/** The environment of the command: what is there, and what it needs to be watched. */
export function watchedEnvironment(env: Environment, target: WatchTarget): Environment {
  const { url, databaseUrl, register, serviceName, captureContent } = target;
  const named = env.OTEL_SERVICE_NAME || /(^|,)\s*service\.name=/.test(env.OTEL_RESOURCE_ATTRIBUTES ?? '');
  const defaults: Environment = {
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    OTEL_BSP_SCHEDULE_DELAY: EXPORT_EVERY_MS,
    ...(!named && { OTEL_SERVICE_NAME: serviceName }),
  };
  return {
    ...env,
    // An empty variable counts as unset.
    ...Object.fromEntries(Object.entries(defaults).filter(([name]) => !env[name])),
    NODE_OPTIONS: withImport(env.NODE_OPTIONS, register),
    EARSHOT_WATCH_URL: url,
    EARSHOT_DATABASE_URL: databaseUrl,
    OTEL_TRACES_EXPORTER: withOtlp(env.OTEL_TRACES_EXPORTER),
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${url}/v1/traces`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf',
    // Rows are made of all calls, and of what is exported.
    OTEL_TRACES_SAMPLER: 'parentbased_always_on',
    ...(captureContent && { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true' }),
  };
}

function withImport(options: string | undefined, register: string): string {
  const option = `--import ${register}`;
  if (options?.includes(register)) return options;
  return options?.trim() ? `${options} ${option}` : option;
}

function withOtlp(exporters: string | undefined): string {
  const names = (exporters ?? '').split(',').map((name) => name.trim());
  return ['otlp', ...names.filter((name) => name !== '' && name !== 'none' && name !== 'otlp')].join(',');
}
