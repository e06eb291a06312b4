import type { FigureDifference, Judgment } from '../../exporter/comparison/compare.ts';
import type { Comparison } from '../../exporter/comparison/selections.ts';
import { JUDGMENT_WORDS, showDifference, showFigure, showInterval } from '../../exporter/comparison/words.ts';
import type { CallSamples } from '../../exporter/store/views/index.ts';
import { safeText } from '../../model/safe-text.ts';
import { type Colour, count, type Paint, table, UNKNOWN, wrapped } from './text.ts';

const COLOURS: Readonly<Partial<Record<Judgment, Colour>>> = {
  better: 'green',
  worse: 'red',
  too_few: 'yellow',
};

/** A side as it was asked for, and its calls. */
interface Side extends CallSamples {
  readonly name: string;
}

/**
 * A comparison for a terminal: one figure a line, and what they come to.
 *
 * @param room - characters of a line: of the table (`screen`), and of sentences where fewer read well (`width`)
 */
export function comparisonText(
  { a, b }: Readonly<Record<'a' | 'b', Side>>,
  { figures, verdict, notes }: Comparison,
  room: { readonly screen: number; readonly width: number },
  paint: Paint,
): string {
  const sentences = Math.min(room.screen, room.width);
  return [
    `A  ${safeText(a.name)}: ${sizeOf(a)}`,
    `B  ${safeText(b.name)}: ${sizeOf(b)}`,
    '',
    comparisonTable(figures, room.screen, paint),
    '',
    paint('bold', wrapped(verdict, sentences)),
    '',
    paint('dim', notes.map((note) => wrapped(note, sentences)).join('\n')),
  ].join('\n');
}

const sizeOf = ({ calls, samples }: CallSamples): string =>
  `${count(calls, 'call')}, ${count(
    samples.reduce((sum, { silences }) => sum + silences.length, 0),
    'turn',
  )} with a silence`;

function comparisonTable(figures: readonly FigureDifference[], screen: number, paint: Paint): string {
  const value = ({ unit }: FigureDifference, of: number | null) =>
    of === null ? UNKNOWN : showFigure(unit, of);
  const text = table<FigureDifference>(
    [
      { title: 'FIGURE', cell: ({ title }) => title },
      { title: 'A', right: true, cell: (figure) => value(figure, figure.a) },
      { title: 'B', right: true, cell: (figure) => value(figure, figure.b) },
      {
        title: 'B − A',
        right: true,
        cell: ({ unit, difference }) => (difference === null ? UNKNOWN : showDifference(unit, difference)),
      },
      { title: '95 %', leaves: 1, cell: showInterval },
      { title: 'VERDICT', cell: ({ judgment }) => JUDGMENT_WORDS[judgment] },
      { title: '', leaves: 2, cell: ({ note = '' }) => note },
    ],
    figures,
    screen,
  );
  return text
    .split('\n')
    .map((line, index) => {
      const colour = COLOURS[figures[index - 1]?.judgment ?? 'same'];
      return colour === undefined ? line : paint(colour, line);
    })
    .join('\n');
}
