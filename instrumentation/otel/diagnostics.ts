import {
  type DiagAPI,
  type DiagLogger,
  type DiagLoggerOptions,
  DiagLogLevel,
  diag,
} from '@opentelemetry/api';
import { safeText } from '../../model/safe-text.ts';
import { registered } from './api-globals.ts';
import { load } from './lazy.ts';

/** A warning that stays away for so long was over; the next one is said again. */
const EPISODE_MS = 5 * 60_000;
/** Different warnings remembered; more than that many at once is no normal day. */
const MAX_EPISODES = 256;
const MAX_LINE_CHARACTERS = 600;
const LEVELS: Readonly<Record<string, DiagLogLevel>> = {
  NONE: DiagLogLevel.NONE,
  ERROR: DiagLogLevel.ERROR,
  WARN: DiagLogLevel.WARN,
  INFO: DiagLogLevel.INFO,
  DEBUG: DiagLogLevel.DEBUG,
  VERBOSE: DiagLogLevel.VERBOSE,
  ALL: DiagLogLevel.ALL,
};

/**
 * Writes diagnostics to stderr, one line each. Warnings and errors that say the same but for their numbers are one
 * episode and written once.
 */
export class LineLogger implements DiagLogger {
  readonly #write: (line: string) => void;
  readonly #nowMs: () => number;
  readonly #lastSeenMs = new Map<string, number>();

  constructor(
    write: (line: string) => void = (line) => void process.stderr.write(line),
    nowMs: () => number = () => performance.now(),
  ) {
    this.#write = write;
    this.#nowMs = nowMs;
  }

  error(...said: unknown[]): void {
    this.#once('error', said);
  }

  warn(...said: unknown[]): void {
    this.#once('warn', said);
  }

  info(...said: unknown[]): void {
    this.#line('info', said);
  }

  debug(...said: unknown[]): void {
    this.#line('debug', said);
  }

  verbose(...said: unknown[]): void {
    this.#line('verbose', said);
  }

  #once(level: string, said: unknown[]): void {
    const key = `${level} ${asLine(said).replaceAll(/\d+(\.\d+)?/g, '#')}`;
    const now = this.#nowMs();
    const last = this.#lastSeenMs.get(key);
    // Deleting first moves the key to the end, so that the first key is the one unseen for longest.
    this.#lastSeenMs.delete(key);
    this.#lastSeenMs.set(key, now);
    if (this.#lastSeenMs.size > MAX_EPISODES) {
      const [oldest] = this.#lastSeenMs.keys();
      if (oldest !== undefined) this.#lastSeenMs.delete(oldest);
    }
    if (last === undefined || now - last > EPISODE_MS) this.#line(level, said);
  }

  #line(level: string, said: unknown[]): void {
    const text = asLine(said);
    this.#write(`[${level}] ${text.startsWith('earshot') ? '' : 'OpenTelemetry: '}${text}\n`);
  }
}

function asLine(said: unknown[]): string {
  const line = safeText(said.map(asText).join(' ').replaceAll(/\s+/g, ' ').trim());
  return line.length > MAX_LINE_CHARACTERS ? `${line.slice(0, MAX_LINE_CHARACTERS)}…` : line;
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return describeError(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

/** Class, code and message of an error in one line. An error of several causes (two addresses tried) has no message. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { code?: unknown };
  const inner = error instanceof AggregateError ? error.errors.map(describeError).join('; ') : '';
  return [error.name, typeof code === 'string' ? `(${code})` : '', error.message || inner]
    .filter((part) => part !== '')
    .join(' ');
}

/** `OTEL_LOG_LEVEL` as a level; warnings and errors when it is unset or no level. */
export function logLevel(text: string | undefined): DiagLogLevel {
  return LEVELS[text?.trim().toUpperCase() ?? ''] ?? DiagLogLevel.WARN;
}

/** Sends diagnostics to stderr, unless the application has set a logger already. */
export function startDiagnostics(env: NodeJS.ProcessEnv = process.env): void {
  // The API has no way to ask whether a logger is set, and setting a second one is an error line.
  if (registered('diag') !== undefined) return;
  const text = env.OTEL_LOG_LEVEL;
  diag.setLogger(new LineLogger(), { logLevel: logLevel(text), suppressOverrideMessage: true });
  // Since 1.10 `import` and `require` get different copies of the API.
  const { diag: required }: typeof import('@opentelemetry/api') = load('@opentelemetry/api');
  for (const api of new Set([diag, required])) giveWayQuietly(api);
  if (text?.trim() && LEVELS[text.trim().toUpperCase()] === undefined)
    diag.warn(
      `earshot: OTEL_LOG_LEVEL: saw ${JSON.stringify(text)}, expected one of ${Object.keys(LEVELS).join(', ')}. Using WARN instead.`,
    );
}

/** A logger that the application sets takes the place of ours, without the warnings of two that were set. */
function giveWayQuietly(api: DiagAPI): void {
  const setLogger: (logger: DiagLogger, options: DiagLoggerOptions) => boolean = api.setLogger;
  api.setLogger = (logger: DiagLogger, options?: DiagLoggerOptions | DiagLogLevel) => {
    api.setLogger = setLogger as DiagAPI['setLogger'];
    const given = typeof options === 'object' ? options : options === undefined ? {} : { logLevel: options };
    return setLogger.call(api, logger, { ...given, suppressOverrideMessage: true });
  };
}
