/** What stands where nothing is known. Never 0. */
export const UNKNOWN = '–';

type Maybe<T> = T | null | undefined;
const known = <T>(value: Maybe<T>): value is T => value !== null && value !== undefined;

/** `0.412` as `412 ms`, `1.234` as `1.23 s`, `12.3` as `12.3 s`. */
export function showSeconds(seconds: Maybe<number>): string {
  if (!known(seconds) || !Number.isFinite(seconds)) return UNKNOWN;
  if (Math.abs(seconds) < 0.9995) return `${Math.round(seconds * 1_000)} ms`;
  return Math.abs(seconds) < 9.995 ? `${seconds.toFixed(2)} s` : `${seconds.toFixed(1)} s`;
}

/** How much longer or shorter: `+32 ms`, `−1.20 s`. */
export function showDifference(seconds: Maybe<number>): string {
  if (!known(seconds) || !Number.isFinite(seconds)) return UNKNOWN;
  return `${seconds < 0 ? '−' : '+'}${showSeconds(Math.abs(seconds))}`;
}

/** A limit, as people say it: `1.2` as `1.2 s`, `5` as `5 s`. */
export const showLimit = (seconds: number): string =>
  seconds > 0 && seconds < 1 ? `${Math.round(seconds * 1_000)} ms` : `${Number(seconds.toFixed(2))} s`;

/** `92` as `1:32`, `3700` as `1:01:40`. */
export function showDuration(seconds: Maybe<number>): string {
  if (!known(seconds)) return UNKNOWN;
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}:${two(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

/**
 * `1234.5` to two places as `1,234.50`. Not by `Intl`, here and for instants: what a page first writes with it costs a browser
 * more than all the rest of what it writes.
 */
function grouped(value: number, places: number): string {
  const [whole = '', part] = Math.abs(value).toFixed(places).split('.');
  const groups: string[] = [];
  for (let end = whole.length; end > 0; end -= 3) groups.unshift(whole.slice(Math.max(0, end - 3), end));
  return `${value < 0 ? '-' : ''}${groups.join(',')}${part === undefined ? '' : `.${part}`}`;
}

/** Four places, as bills round; more money has two. */
export function showMoney(usd: Maybe<string | number>): string {
  if (!known(usd)) return UNKNOWN;
  const value = Number(usd);
  if (value === 0) return '$0';
  if (Math.abs(value) >= 10) return `$${grouped(value, 2)}`;
  return Math.abs(value) < 0.00005 ? '<$0.0001' : `$${value.toFixed(4)}`;
}

/** Money beside an axis: whole cents, where they tell the marks apart. */
export const showMoneyMark = (usd: number): string =>
  usd === 0 || usd >= 0.05 ? `$${grouped(usd, 2).replace(/\.00$/, '')}` : showMoney(usd);

/** `0.123` as `12 %`, `0.0123` as `1.2 %`. */
export function showShare(share: Maybe<number>): string {
  if (!known(share) || !Number.isFinite(share)) return UNKNOWN;
  const percent = share * 100;
  if (Math.abs(percent) < 0.05) return '0 %';
  return `${percent !== 0 && Math.abs(percent) < 9.95 ? percent.toFixed(1) : Math.round(percent)} %`;
}

/** `12345` as `12,345`. */
export const showCount = (count: Maybe<number>): string =>
  known(count) ? grouped(Math.round(count), 0) : UNKNOWN;

/** `1` as `1 minute`, `12345` as `12,345 minutes`. */
export const showCountOf = (count: number, one: string, several = `${one}s`): string =>
  `${showCount(count)} ${Math.round(count) === 1 ? one : several}`;

/** A part of a whole; undefined where there is no whole. */
export const shareOf = (part: Maybe<number>, whole: Maybe<number>): number | undefined =>
  known(part) && known(whole) && whole > 0 ? part / whole : undefined;

/** `barge_in` as `barge-in`, `NO_ANSWER` as `no answer`. */
export const showWord = (word: string): string =>
  word === 'barge_in' ? 'barge-in' : word.toLowerCase().replaceAll('_', ' ');

/** Provider and model, as far as they are known. */
export const showModel = (provider: Maybe<string>, model: Maybe<string>): string =>
  [provider, model].filter(Boolean).join(' ') || UNKNOWN;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sept', 'Oct', 'Nov', 'Dec'];
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const twoDigits = (value: number) => String(value).padStart(2, '0');

/** `29 Nov`: the day where the reader is, as all that follow. */
export const showDay = (at: Date): string => `${at.getDate()} ${MONTHS[at.getMonth()]}`;
/** `14:31` */
export const showHour = (at: Date): string => `${twoDigits(at.getHours())}:${twoDigits(at.getMinutes())}`;
/** `29 Nov, 14:31` */
export const showDayAndHour = (at: Date): string => `${showDay(at)}, ${showHour(at)}`;
/** `14:31:59` */
const showTime = (at: Date): string => `${showHour(at)}:${twoDigits(at.getSeconds())}`;

/** The time of an instant; with the day, unless that is today's. */
export function showInstant(iso: string, now: Date): string {
  const at = new Date(iso);
  const year = at.getFullYear() === now.getFullYear() ? '' : ` ${at.getFullYear()}`;
  const isToday = showDay(at) === showDay(now) && year === '';
  return isToday ? showTime(at) : `${showDay(at)}${year} ${showTime(at)}`;
}

/** `GMT`, `GMT+1`, `GMT−3:30`. */
function showZone(at: Date): string {
  const minutes = -at.getTimezoneOffset();
  if (minutes === 0) return 'GMT';
  const rest = Math.abs(minutes) % 60;
  const hours = Math.floor(Math.abs(minutes) / 60);
  return `GMT${minutes < 0 ? '−' : '+'}${hours}${rest === 0 ? '' : `:${twoDigits(rest)}`}`;
}

/** `Sat 29 Nov 2026, 14:31:59 GMT+1`. */
export function showMoment(iso: string): string {
  const at = new Date(iso);
  return `${WEEKDAYS[at.getDay()]} ${showDay(at)} ${at.getFullYear()}, ${showTime(at)} ${showZone(at)}`;
}

/** A score as people read it: its word, its figure, or both. */
export const showScore = ({ value, label }: { value: number | null; label: string | null }): string =>
  [label, value === null ? null : Number(value.toPrecision(4))].filter((part) => part !== null).join(' ');
