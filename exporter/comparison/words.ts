import type { FigureDifference, Judgment } from './compare.ts';

/** What is said of a difference. */
export const JUDGMENT_WORDS: Readonly<Record<Judgment, string>> = {
  better: 'better',
  worse: 'worse',
  other: 'different',
  same: 'no different',
  unclear: 'not clear',
  too_few: 'too few',
  unknown: 'unknown',
};

type Unit = FigureDifference['unit'];

/** A figure as people write it: `912 ms`, `$0.0412`, `12.5 %`. */
export function showFigure(unit: Unit, value: number): string {
  switch (unit) {
    case 'seconds':
      return Math.abs(value) < 9.9995 ? `${Math.round(value * 1_000)} ms` : `${value.toFixed(1)} s`;
    case 'USD':
      return `${value < 0 ? '−' : ''}$${money(Math.abs(value))}`;
    case 'ratio':
      return `${(value * 100).toFixed(1)} %`;
    case 'score':
      return `${value < 0 ? '−' : ''}${score(Math.abs(value))}`;
    default:
      return unit satisfies never;
  }
}

/** To four digits, those of great ones in groups of three. */
const score = (value: number): string => {
  const rounded = Number(value.toPrecision(4));
  return rounded < 1_000 ? String(rounded) : rounded.toLocaleString('en-US');
};

const money = (usd: number): string =>
  usd !== 0 && usd < 0.001 ? usd.toPrecision(2) : usd.toFixed(usd < 100 ? 4 : 2);

/** How far apart, with its sign: `+120 ms`, `−0.8 points`; what is written as 0 has none. */
export function showDifference(unit: Unit, value: number): string {
  const size = unit === 'ratio' ? `${points(value)} points` : showFigure(unit, Math.abs(value));
  if (!/[1-9]/.test(size)) return size;
  return `${value < 0 ? '−' : '+'}${size}`;
}

const points = (value: number): string => (Math.abs(value) * 100).toFixed(1);

/** An interval with its signs, and the unit once: `−240 to −120 ms`. */
export function showInterval({ unit, interval }: Pick<FigureDifference, 'unit' | 'interval'>): string {
  if (interval === null) return '';
  const [low, high] = interval;
  return fromTo(showDifference(unit, low), showDifference(unit, high));
}

/** `120 ms` and `240 ms` are `120 to 240 ms`. */
function fromTo(from: string, to: string): string {
  const [unit] = [' ms', ' points'].filter((each) => from.endsWith(each) && to.endsWith(each));
  return `${unit === undefined ? from : from.slice(0, -unit.length)} to ${to}`;
}

/** Without signs, the smaller first, and the unit once: of a difference whose direction words say. */
function sizes({ unit, interval }: FigureDifference): string {
  const [low = 0, high = 0] = (interval ?? []).map((value) => Math.abs(value)).sort((a, b) => a - b);
  if (unit === 'ratio') return `${points(low)} to ${points(high)}`;
  return fromTo(showFigure(unit, low), showFigure(unit, high));
}

const size = ({ unit, difference }: FigureDifference): string =>
  unit === 'ratio' ? `${points(difference ?? 0)} points` : showFigure(unit, Math.abs(difference ?? 0));

/**
 * What a comparison comes to, in one sentence of plain words: how soon B answers, what it costs, how often it succeeds and is
 * interrupted; and the segment that most of the change of the silence is in.
 */
export function verdictInWords(figures: readonly FigureDifference[]): string {
  const find = (name: string) => figures.find((figure) => figure.name === name);
  const parts = [
    ...said(
      find('silence_p95'),
      'silence at p95',
      (figure) =>
        `B answers ${size(figure)} ${figure.judgment === 'better' ? 'sooner' : 'later'} at p95 (${sizes(figure)})`,
    ),
    ...said(
      find('silence_p50'),
      'silence at the median',
      (figure) =>
        `${size(figure)} ${figure.judgment === 'better' ? 'sooner' : 'later'} at the median (${sizes(figure)})`,
    ),
    ...said(
      find('cost_per_minute'),
      'cost',
      (figure) =>
        `a minute costs ${size(figure)} ${figure.judgment === 'better' ? 'less' : 'more'} (${sizes(figure)})`,
    ),
    ...said(
      find('outcome_success'),
      'success',
      (figure) =>
        `${size(figure)} ${figure.judgment === 'better' ? 'more' : 'fewer'} calls succeed (${sizes(figure)})`,
    ),
    ...said(
      find('interruption_rate'),
      'interruptions',
      (figure) =>
        `${size(figure)} ${figure.judgment === 'better' ? 'fewer' : 'more'} turns are interrupted (${sizes(figure)})`,
    ),
  ];
  const sentence = parts.length === 0 ? 'Nothing is known of both.' : `${parts.join('; ')}.`;
  const moved = mostMoved(figures);
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}${moved === undefined ? '' : ` ${moved}`}`;
}

function said(
  figure: FigureDifference | undefined,
  subject: string,
  inWords: (figure: FigureDifference) => string,
): string[] {
  if (figure === undefined) return [];
  switch (figure.judgment) {
    case 'better':
    case 'worse':
    case 'other':
      return [inWords(figure)];
    case 'same':
      return [`${subject} no different`];
    case 'unclear':
      return [`${subject} not clear (${showInterval(figure)})`];
    case 'too_few':
    case 'unknown':
      return [`${subject}: ${figure.note ?? 'not known'}`];
    default:
      return figure.judgment satisfies never;
  }
}

/** Where the silence changed most, where it changed. */
function mostMoved(figures: readonly FigureDifference[]): string | undefined {
  const moved = figures
    .filter(({ name, judgment }) => /^segment_\w+_mean$/.test(name) && isShown(judgment))
    .sort((one, other) => Math.abs(other.difference ?? 0) - Math.abs(one.difference ?? 0));
  const [most] = moved;
  if (most === undefined) return undefined;
  return `Most of it is in ${most.title.replace(/ mean$/, '')}: ${showDifference(most.unit, most.difference ?? 0)} on average.`;
}

const isShown = (judgment: FigureDifference['judgment']): boolean =>
  judgment === 'better' || judgment === 'worse';

/** What chance alone does where many figures are compared. */
export function caution(figures: readonly FigureDifference[]): string {
  const judged = figures.filter(({ interval }) => interval !== null).length;
  return `Each interval holds the true difference in 95 of 100 comparisons. ${judged} figures are compared: about ${Math.max(1, Math.round(judged * 0.05))} of them would be marked by chance alone where nothing differs.`;
}
