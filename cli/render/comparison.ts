import type { FigureDifference, Judgment } from '../../exporter/comparison/compare.ts';
import { JUDGMENT_WORDS, showDifference, showFigure, showInterval } from '../../exporter/comparison/words.ts';
import { type Colour, type Paint, table, UNKNOWN } from './text.ts';

const COLOURS: Readonly<Partial<Record<Judgment, Colour>>> = {
  better: 'green',
  worse: 'red',
  too_few: 'yellow',
};

/** A comparison for a terminal, one figure a line. */
export function comparisonTable(figures: readonly FigureDifference[], screen: number, paint: Paint): string {
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
