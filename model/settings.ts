/**
 * earshot's own settings: one table, one generic reader. Standard `OTEL_*` variables are OpenTelemetry's and are not
 * repeated here, but for the one that decides whether content is captured.
 *
 * Options given in code beat the environment, the environment beats the default. A bad value is reported and replaced
 * by the default in the library (`onBad: 'warn'`), and stops the CLI (`onBad: 'throw'`).
 */
import { type ProviderName, providerNamed } from './providers.ts';

type SettingType =
  | 'string'
  | 'path'
  | 'boolean'
  | 'integer'
  | 'port'
  | 'duration'
  | 'list'
  | 'hosts'
  | 'enum';

interface Setting {
  readonly key: string;
  /** Another variable, read when that one is not set. */
  readonly alias?: string;
  readonly type: SettingType;
  /** As a user would write it. Absent: the setting is optional. */
  readonly fallback?: string;
  readonly values?: readonly string[];
  readonly secret?: boolean;
  readonly description: string;
}

/** Every setting. Durations are written `200ms`, `5s`, `5m`, `2h`, `30d`; a bare number is seconds. */
export const SETTINGS = {
  databaseUrl: {
    key: 'EARSHOT_DATABASE_URL',
    alias: 'DATABASE_URL',
    type: 'string',
    secret: true,
    description:
      'PostgreSQL for the rows; `DATABASE_URL` where it is not set. Unset, or `none`, which hides `DATABASE_URL`: the library writes no rows and says so once; the CLI uses its embedded database.',
  },
  schema: {
    key: 'EARSHOT_SCHEMA',
    type: 'string',
    fallback: 'earshot',
    description:
      'PostgreSQL schema of the tables, made when it is missing. Nothing outside of it is touched.',
  },
  captureContent: {
    key: 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT',
    type: 'boolean',
    fallback: 'false',
    description: 'Record what was said (transcripts, prompts, answers). Off: only scores leave the process.',
  },
  tags: {
    key: 'EARSHOT_TAGS',
    type: 'list',
    fallback: '',
    description:
      "Parameters of the transport that become tags of the call, by name, comma separated: Twilio's `<Parameter>`, attributes of LiveKit's participants. `customer_id` becomes the customer's id. None unless named: they may hold names and telephone numbers.",
  },
  sdk: {
    key: 'EARSHOT_SDK',
    type: 'enum',
    values: ['auto', 'attach'],
    fallback: 'auto',
    description:
      '`auto`: start the OpenTelemetry SDK unless a tracer provider is registered already, and give way to one that the application registers later. `attach`: never start one, the application brings its own.',
  },
  watchUrl: {
    key: 'EARSHOT_WATCH_URL',
    type: 'string',
    description:
      'Where `earshot watch` takes spans. Set for the command that it runs: the agent sends its spans there, and writes no rows itself.',
  },
  disabledSdks: {
    key: 'EARSHOT_DISABLED_SDKS',
    type: 'list',
    fallback: '',
    description: 'SDKs to leave alone, by package name, comma separated.',
  },
  ownSdks: {
    key: 'EARSHOT_SDKS',
    type: 'list',
    fallback: '',
    description:
      'SDK instrumentations of your own, as paths or packages, comma separated. See docs/adding-an-sdk.md.',
  },
  providerHosts: {
    key: 'EARSHOT_PROVIDER_HOSTS',
    type: 'hosts',
    fallback: '',
    description:
      'Hosts of your own that stand before providers, such as a proxy or a gateway, comma separated: `HOST` or `HOST:PORT`, and with `=PROVIDER` who answers there. Without it the path decides. What is sent there with no SDK is then followed as if it went to the provider. See docs/sdks.md.',
  },
  dataDir: {
    key: 'EARSHOT_DATA_DIR',
    type: 'path',
    fallback: '.earshot',
    description: "Folder of the CLI's embedded database.",
  },
  spoolDir: {
    key: 'EARSHOT_SPOOL_DIR',
    type: 'path',
    description:
      'Where spans wait on disk while the database is away: a folder of this user alone. Default: a folder for each database in the state folder of the user (`~/.local/state/earshot/spool` on Linux), else in `earshot-spool-UID` in the temporary folder.',
  },
  spoolMaxBytes: {
    key: 'EARSHOT_SPOOL_MAX_BYTES',
    type: 'integer',
    fallback: '268435456',
    description: 'Cap of the spool on disk, in bytes; beyond it spans are dropped and counted.',
  },
  bufferSpans: {
    key: 'EARSHOT_BUFFER_SPANS',
    type: 'integer',
    fallback: '8192',
    description: 'Spans kept in memory until they are written; beyond it they are dropped and counted.',
  },
  flushInterval: {
    key: 'EARSHOT_FLUSH_INTERVAL',
    type: 'duration',
    fallback: '200ms',
    description: 'How often buffered spans are written.',
  },
  finalizeDelay: {
    key: 'EARSHOT_FINALIZE_DELAY',
    type: 'duration',
    fallback: '2s',
    description: 'From the end of a call to its rows: time for late spans.',
  },
  idleLimit: {
    key: 'EARSHOT_IDLE_LIMIT',
    type: 'duration',
    fallback: '5m',
    description: 'A call without a new span for so long is finalized as it is.',
  },
  maxCallSpans: {
    key: 'EARSHOT_MAX_CALL_SPANS',
    type: 'integer',
    fallback: '20000',
    description:
      'Spans of one call that its rows are computed from, the first ones; `spans_dropped` of its row says how many more there are.',
  },
  callGap: {
    key: 'EARSHOT_CALL_GAP',
    type: 'duration',
    fallback: '1h',
    description: 'After so long without an open span the same call id is another call: `id#2`.',
  },
  spanRetention: {
    key: 'EARSHOT_SPAN_RETENTION',
    type: 'duration',
    fallback: '30d',
    description: 'How long spans stay in the journal. Rows stay.',
  },
  exportWait: {
    key: 'EARSHOT_EXPORT_WAIT',
    type: 'duration',
    fallback: '7d',
    description:
      'How much longer a day of the journal stays that `earshot export --journal` has not written yet, once that was run; 0: no longer. Then it goes, exported or not: the disk must not fill.',
  },
  pricing: {
    key: 'EARSHOT_PRICING',
    type: 'enum',
    values: ['catalogue', 'flat'],
    fallback: 'catalogue',
    description:
      '`catalogue`: dated list prices by provider and model. `flat`: the rate card of the original system.',
  },
  prices: {
    key: 'EARSHOT_PRICES',
    type: 'path',
    description: 'A price file of your own; its entries come before the catalogue.',
  },
  recordings: {
    key: 'EARSHOT_RECORDINGS',
    type: 'path',
    description:
      'Where recordings are kept: a folder, or `s3://BUCKET/PREFIX`. Agents that serve media streams in mu-law write each call there, `earshot serve` what LiveKit Agents upload; the page plays it from there, and what is older than `EARSHOT_SPAN_RETENTION` is deleted. Unset: nothing is recorded. Whom you record has to know: see docs/page.md.',
  },
  ui: {
    key: 'EARSHOT_UI',
    type: 'boolean',
    fallback: 'false',
    description: 'Serve the page, too, where `earshot serve` listens.',
  },
  traceUrl: {
    key: 'EARSHOT_TRACE_URL',
    type: 'string',
    description:
      'Where the page links a turn to its trace: an address with `{trace_id}` in it, such as `http://localhost:16686/trace/{trace_id}`. Unset: no link.',
  },
  latencyTarget: {
    key: 'EARSHOT_LATENCY_TARGET',
    type: 'duration',
    fallback: '1200ms',
    description:
      'Silence before an answer that is still good: the page draws its line there, and `report` says whose longer silences are.',
  },
  incidents: {
    key: 'EARSHOT_INCIDENTS',
    type: 'boolean',
    fallback: 'true',
    description:
      'Let `earshot serve` look every five minutes whether a provider, a setting or own code takes longer than in the hour before. See docs/incidents.md.',
  },
  incidentWebhook: {
    key: 'EARSHOT_INCIDENT_WEBHOOK',
    type: 'string',
    secret: true,
    description:
      'Where `earshot serve` says that an incident is open, and that it is over: an address with https, or of this machine. Needs `EARSHOT_INCIDENT_WEBHOOK_SECRET`.',
  },
  incidentWebhookSecret: {
    key: 'EARSHOT_INCIDENT_WEBHOOK_SECRET',
    type: 'string',
    secret: true,
    description:
      'What these messages are signed with, as Standard Webhooks has it: `whsec_` and 24 to 64 bytes in base64.',
  },
  host: {
    key: 'EARSHOT_HOST',
    type: 'string',
    fallback: '127.0.0.1',
    description:
      'Address that `earshot serve` listens on. Any but loopback needs `EARSHOT_AUTH_TOKEN`, `EARSHOT_TOKENS` or `EARSHOT_INSECURE`.',
  },
  port: {
    key: 'EARSHOT_PORT',
    type: 'port',
    fallback: '4318',
    description: 'Port that `earshot serve` listens on; 0: one that is free.',
  },
  adminPort: {
    key: 'EARSHOT_ADMIN_PORT',
    type: 'port',
    description:
      'Port of `earshot serve` for `/healthz`, `/readyz` and `/metrics` alone; `/metrics` is then not at the other one. Unset: everything is at `EARSHOT_PORT`.',
  },
  authToken: {
    key: 'EARSHOT_AUTH_TOKEN',
    type: 'string',
    secret: true,
    description:
      'Who sends spans to `earshot serve` or reads its metrics shows this token: `authorization: Bearer …`.',
  },
  tokensFile: {
    key: 'EARSHOT_TOKENS',
    type: 'path',
    description:
      'JSON file of tokens for `earshot serve`, each with a name and maybe a tenant: `[{ "name": …, "token": …, "tenant": … }]`. Read again when it changes. Beside `EARSHOT_AUTH_TOKEN`, which has neither name nor tenant. See docs/operations.md.',
  },
  livekitObservabilityUrl: {
    key: 'LIVEKIT_OBSERVABILITY_URL',
    type: 'string',
    description:
      'Where LiveKit Agents upload what they observe, such as `earshot serve`. Where it is set, `earshot/register` calls a call by its job, as the uploads do, so that both are one call.',
  },
  livekitApiKey: {
    key: 'LIVEKIT_API_KEY',
    type: 'string',
    description:
      "LiveKit's API key, as agents have it. With its secret, LiveKit Agents whose `LIVEKIT_OBSERVABILITY_URL` is `earshot serve` upload there. See docs/livekit.md.",
  },
  livekitApiSecret: {
    key: 'LIVEKIT_API_SECRET',
    type: 'string',
    secret: true,
    description: 'The secret of `LIVEKIT_API_KEY`: agents sign their uploads with it.',
  },
  livekitKeysFile: {
    key: 'EARSHOT_LIVEKIT_KEYS',
    type: 'path',
    description:
      'JSON file of more such pairs, each maybe with a tenant: `[{ "key": …, "secret": …, "tenant": … }]`. Read when `earshot serve` starts.',
  },
  livekitLeeway: {
    key: 'EARSHOT_LIVEKIT_LEEWAY',
    type: 'duration',
    fallback: '1m',
    description:
      'How long the token of a LiveKit Agent counts after it has expired. JavaScript makes one for six hours and never another: as long as sessions may be beyond that. See docs/livekit.md.',
  },
  maxRecordingBytes: {
    key: 'EARSHOT_MAX_RECORDING_BYTES',
    type: 'integer',
    fallback: '536870912',
    description:
      'Longest recording that `earshot serve` takes from LiveKit Agents, in bytes: by default some ten hours.',
  },
  allowedHosts: {
    key: 'EARSHOT_ALLOWED_HOSTS',
    type: 'list',
    fallback: '',
    description:
      'Names, comma separated, under which `earshot serve` on loopback without a token may be reached, beside `localhost` and loopback addresses. Any other `Host`, and an `Origin` of another site, gets 403: it is a web page, not a sender.',
  },
  insecure: {
    key: 'EARSHOT_INSECURE',
    type: 'boolean',
    fallback: 'false',
    description: 'Let `earshot serve` listen on an address other than loopback without a token.',
  },
  maxConnections: {
    key: 'EARSHOT_MAX_CONNECTIONS',
    type: 'integer',
    fallback: '1024',
    description: 'Connections that `earshot serve` keeps open; more are closed at once.',
  },
  maxBodyBytes: {
    key: 'EARSHOT_MAX_BODY_BYTES',
    type: 'integer',
    fallback: '16777216',
    description: 'Longest body that `earshot serve` takes, as it is sent, in bytes.',
  },
  maxInflatedBytes: {
    key: 'EARSHOT_MAX_INFLATED_BYTES',
    type: 'integer',
    fallback: '33554432',
    description: 'Longest body that `earshot serve` takes, unpacked, in bytes.',
  },
  maxInFlightBytes: {
    key: 'EARSHOT_MAX_IN_FLIGHT_BYTES',
    type: 'integer',
    fallback: '67108864',
    description:
      'Bodies that `earshot serve` has not answered yet, together, in bytes; beyond it answers 503.',
  },
  maxRequestSpans: {
    key: 'EARSHOT_MAX_REQUEST_SPANS',
    type: 'integer',
    fallback: '20000',
    description: 'Spans in one request to `earshot serve`.',
  },
  vapiSecret: {
    key: 'EARSHOT_VAPI_SECRET',
    type: 'string',
    secret: true,
    description:
      'What Vapi shows at `/webhooks/vapi` of `earshot serve`: the key of its HMAC credential, its bearer token or its server secret. Unset, as all of these: the webhook is not there. See docs/platforms.md.',
  },
  retellSecret: {
    key: 'EARSHOT_RETELL_SECRET',
    type: 'string',
    secret: true,
    description: "Retell's API key that signs webhooks, for `/webhooks/retell`.",
  },
  blandSecret: {
    key: 'EARSHOT_BLAND_SECRET',
    type: 'string',
    secret: true,
    description: "Bland's secret that signs webhooks, for `/webhooks/bland`.",
  },
  elevenlabsSecret: {
    key: 'EARSHOT_ELEVENLABS_SECRET',
    type: 'string',
    secret: true,
    description: "ElevenLabs' secret of the post-call webhook, for `/webhooks/elevenlabs`.",
  },
  twilioSecret: {
    key: 'EARSHOT_TWILIO_SECRET',
    type: 'string',
    secret: true,
    description: "Twilio's auth token of the account, for status callbacks at `/webhooks/twilio`.",
  },
  webhookUrl: {
    key: 'EARSHOT_WEBHOOK_URL',
    type: 'string',
    description:
      'Public address of `earshot serve`, such as `https://earshot.example.com`: what Twilio signs begins with it. Unset: as the `Host` of the request says.',
  },
  logLevel: {
    key: 'EARSHOT_LOG_LEVEL',
    type: 'enum',
    values: ['error', 'warn', 'info', 'debug'],
    fallback: 'info',
    description: 'How much `earshot serve` logs.',
  },
  logFormat: {
    key: 'EARSHOT_LOG_FORMAT',
    type: 'enum',
    values: ['auto', 'json', 'text'],
    fallback: 'auto',
    description: '`auto`: text on a terminal, JSON lines elsewhere.',
  },
} as const satisfies Record<string, Setting>;

type Spec<K extends SettingKey> = (typeof SETTINGS)[K];
export type SettingKey = keyof typeof SETTINGS;
type Value<S> = S extends { type: 'boolean' }
  ? boolean
  : S extends { type: 'integer' | 'port' | 'duration' }
    ? number
    : S extends { type: 'list' }
      ? readonly string[]
      : S extends { type: 'hosts' }
        ? readonly ProviderHost[]
        : S extends { type: 'enum'; values: readonly (infer V)[] }
          ? V
          : string;
type Optional<S> = S extends { fallback: string } ? never : undefined;

/** Parsed settings. Durations are milliseconds. */
export type Settings = { readonly [K in SettingKey]: Value<Spec<K>> | Optional<Spec<K>> };

/** Said once by whatever would write rows and has no `DATABASE_URL`. */
export const NO_DATABASE =
  'earshot: EARSHOT_DATABASE_URL is not set; calls are traced, and no rows are written.';

/** The variable that names the database: the one that is set, for messages. */
export const databaseVariable = (env: Readonly<Record<string, string | undefined>> = process.env): string => {
  const { key, alias } = SETTINGS.databaseUrl;
  return !env[key]?.trim() && env[alias]?.trim() ? alias : key;
};

/** A setting that could not be read. The message names the variable, what was seen and what was expected. */
export class SettingError extends Error {
  override name = 'SettingError';
  readonly code = 'EARSHOT_SETTING';
}

/** A host that stands before a provider, or before several. */
export interface ProviderHost {
  /** In lower case, with its port if it has one of its own. */
  readonly host: string;
  /** Who answers there. Absent: the path decides. */
  readonly provider: ProviderName | undefined;
}

const HOST = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/;

/** What a port can be, for messages. */
export const PORTS = '0 to 65535';

/** Whether a text is a port of TCP. */
export const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) <= 65_535;

/** `proxy.internal:8443=deepgram`; undefined for what is no host, or names a provider that is not known. */
function parseHost(entry: string): ProviderHost | undefined {
  const [host = '', name, ...more] = entry.split('=').map((part) => part.trim().toLowerCase());
  const provider = name === undefined ? undefined : providerNamed(name);
  const [known, port = '0'] = HOST.exec(host) ?? [];
  if (
    known === undefined ||
    !isPort(port) ||
    more.length > 0 ||
    (name !== undefined && provider === undefined)
  )
    return undefined;
  return { host, provider };
}

const listed = (text: string): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

const DURATION_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `200ms`, `5s`, `5m`, `2h`, `30d` in milliseconds; a bare number is seconds. Undefined when it is none of these. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text);
  if (match?.[1] === undefined) return undefined;
  return Number(match[1]) * DURATION_MS[(match[2] ?? 's') as keyof typeof DURATION_MS];
}

function parse(setting: Setting, text: string): unknown {
  switch (setting.type) {
    case 'string':
    case 'path':
      return text;
    case 'list':
      return listed(text);
    case 'hosts':
      return listed(text).map((entry) => {
        const host = parseHost(entry);
        if (host === undefined) throw expected('hosts as in proxy.internal or proxy.internal:8443=deepgram');
        return host;
      });
    case 'boolean': {
      const lower = text.toLowerCase();
      if (lower === 'true' || lower === '1') return true;
      if (lower === 'false' || lower === '0') return false;
      throw expected('true or false');
    }
    case 'integer':
      if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
      throw expected('a whole number, 0 or more');
    case 'port':
      if (isPort(text)) return Number(text);
      throw expected(PORTS);
    case 'duration': {
      const ms = parseDuration(text);
      if (ms === undefined) throw expected('a duration such as 200ms, 5s, 5m, 2h or 30d');
      return ms;
    }
    case 'enum':
      if (setting.values?.includes(text)) return text;
      throw expected(`one of ${setting.values?.join(', ')}`);
    default:
      return setting.type satisfies never;
  }
  function expected(what: string): SettingError {
    const seen = setting.secret ? 'a value that is not shown' : JSON.stringify(text);
    return new SettingError(`${setting.key}: saw ${seen}, expected ${what}.`);
  }
}

export interface ReadSettingsOptions {
  /** Values that beat the environment. */
  overrides?: Partial<Settings>;
  /** (Default: `process.env`.) */
  env?: Readonly<Record<string, string | undefined>>;
  /** Called for each bad value, which is then replaced by its default. Absent: the first bad value throws. */
  warn?: (message: string) => void;
}

/**
 * Reads all settings. An empty variable counts as unset, as OpenTelemetry has it.
 * @throws SettingError for a bad value, when `warn` is absent.
 */
export function readSettings({
  overrides = {},
  env = process.env,
  warn,
}: ReadSettingsOptions = {}): Settings {
  const settings: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(SETTINGS) as [SettingKey, Setting][]) {
    const fallback = () => (setting.fallback === undefined ? undefined : parse(setting, setting.fallback));
    const given = env[setting.key]?.trim() || env[setting.alias ?? setting.key]?.trim();
    const text = name === 'databaseUrl' && given === 'none' ? undefined : given;
    if (overrides[name] !== undefined) settings[name] = overrides[name];
    else if (text === undefined || text === '') settings[name] = fallback();
    else {
      try {
        settings[name] = parse(setting, text);
      } catch (error) {
        if (!warn || !(error instanceof SettingError)) throw error;
        warn(`${error.message} Using ${setting.fallback || 'no value'} instead.`);
        settings[name] = fallback();
      }
    }
  }
  return settings as unknown as Settings;
}
