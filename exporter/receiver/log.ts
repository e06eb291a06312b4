import { safeText } from '../../model/safe-text.ts';

/** How much is logged: each level with those before it. */
const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

/** What goes with a message: ids, counts, codes. Never content, never secrets, never an error's own message. */
type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export type Log = Readonly<Record<LogLevel, (message: string, fields?: LogFields) => void>>;

export interface LogOptions {
  level: LogLevel;
  /** One JSON object a line, for programs; or text, for people. */
  format: 'json' | 'text';
  /** Takes a line without its end. */
  write: (line: string) => void;
  /** (Default: now.) */
  now?: () => Date;
}

/** A log of lines. Messages are constants, so that they can be counted and searched; what varies is in the fields. */
export function createLog({ level, format, write, now = () => new Date() }: LogOptions): Log {
  const most = LOG_LEVELS.indexOf(level);
  const render = format === 'json' ? asJson : asText;
  const at =
    (each: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (LOG_LEVELS.indexOf(each) <= most) write(render(now(), each, message, fields));
    };
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}

function asJson(time: Date, level: LogLevel, message: string, fields: LogFields): string {
  return JSON.stringify({ time: time.toISOString(), level, message, ...fields });
}

function asText(time: Date, level: LogLevel, message: string, fields: LogFields): string {
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${typeof value === 'string' ? quoted(value) : value}`)
    .join('');
  return `${time.toISOString().slice(11, 23)} ${level.toUpperCase().padEnd(5)} ${safeText(message)}${rest}`;
}

/** A control character in a field must not look like a line, or a colour, of its own. */
const quoted = (value: string) => (/^[\w.:/@+-]+$/.test(value) ? value : safeText(JSON.stringify(value)));
