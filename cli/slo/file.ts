import { FIGURE_NAMES, type FigureName } from '../../exporter/checks/figures.ts';
import type { Limits } from '../../exporter/checks/judge.ts';
import { limitOf } from '../../exporter/checks/limits.ts';
import { asUsage } from '../check/options.ts';
import { UsageError } from '../command.ts';
import { readDuration } from '../duration-option.ts';
import { readSmallFile } from '../small-file.ts';

/** What is promised of calls: what `earshot.slo.yaml` says. */
export interface Slo {
  readonly limits: Limits;
  /** For how long an error budget is, in seconds. (Default: 30 days.) */
  readonly windowSeconds: number;
}

const WINDOW_SECONDS = 30 * 86_400;
const WINDOW = {
  expected: 'a time from 7d to 366d, such as 30d',
  least: 7 * 86_400,
  most: 366 * 86_400,
} as const;
const LINE = /^([\w-]+):[ \t](.*)$/;

/**
 * A file of promises: YAML with a figure of `earshot check` and its limit on each line, and `window`.
 * @throws UsageError that says what is wrong in which line.
 */
export function readSlo(file: string): Slo {
  const text = readSmallFile(file, (reason) => new UsageError(`${file} cannot be read (${reason}).`));
  return parseSlo(text, file);
}

/** The same of the text of a file. */
export function parseSlo(text: string, file: string): Slo {
  const limits: Partial<Record<FigureName, number>> = {};
  let windowSeconds = WINDOW_SECONDS;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|---\s*$|$)/.test(line)) continue;
    const where = `${file}, line ${index + 1}`;
    const [, name = '', rest = ''] = LINE.exec(line) ?? [];
    const value = scalar(rest.trim());
    if (value === undefined)
      throw new UsageError(`${where}: saw ${line.trim()}, expected a line such as silence-p95: 800ms.`);
    const figure = FIGURE_NAMES.find((each) => each === name);
    if (name === 'window') windowSeconds = readDuration(`${where}: window`, value, WINDOW);
    else if (figure === undefined)
      throw new UsageError(`${where}: saw ${name}, expected window or one of ${FIGURE_NAMES.join(', ')}.`);
    else if (limits[figure] !== undefined) throw new UsageError(`${where}: saw ${name} a second time.`);
    else limits[figure] = asUsage(() => limitOf(figure, value, where));
  }
  if (Object.keys(limits).length === 0)
    throw new UsageError(`${file}: saw no limit, expected one of ${FIGURE_NAMES.join(', ')}.`);
  return { limits, windowSeconds };
}

/** A value of YAML without the comment behind it, in quotes or not. Undefined: it is none. */
function scalar(text: string): string | undefined {
  const quote = /^['"]/.exec(text)?.[0];
  if (quote === undefined) {
    const comment = text.startsWith('#') ? 0 : text.search(/\s#/);
    const value = comment < 0 ? text : text.slice(0, comment).trimEnd();
    return value === '' ? undefined : value;
  }
  const end = text.indexOf(quote, 1);
  return end > 0 && /^\s*(#|$)/.test(text.slice(end + 1)) ? text.slice(1, end) : undefined;
}
