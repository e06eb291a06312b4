import { type Paint, table, UNKNOWN } from '../render/text.ts';
import { FIGURES, type FigureName } from './figures.ts';
import type { Verdict } from './judge.ts';

/** A figure as people write it: `912 ms`, `$0.0512`, `12.5 %`, `3`. */
function showFigure(name: FigureName, value: number | null): string {
  if (value === null) return UNKNOWN;
  switch (FIGURES[name].unit) {
    case 'seconds':
      return value < 9.9995 ? `${Math.round(value * 1_000)} ms` : `${value.toFixed(1)} s`;
    case 'USD':
      return `$${value < 0.001 ? value.toPrecision(2) : value.toFixed(4)}`;
    case 'ratio':
      return `${(value * 100).toFixed(1)} %`;
    case 'count':
      return value.toLocaleString('en-US');
    default:
      return FIGURES[name] satisfies never;
  }
}

const bound = ({ figure, limit, from }: Verdict): string =>
  `${'atLeast' in FIGURES[figure] ? 'at least' : 'at most'} ${showFigure(figure, limit)}${from === 'baseline' ? ' (baseline)' : ''}`;

const countOf = ({ figure, count }: Verdict): string =>
  `${count.toLocaleString('en-US')} ${FIGURES[figure].of}`;

/** One sentence: `silence-p95 is 1240 ms, expected at most 900 ms (512 turns)`. */
const sentence = (verdict: Verdict): string =>
  `${verdict.figure} is ${showFigure(verdict.figure, verdict.value)}, expected ${bound(verdict)} (${countOf(verdict)})${verdict.note === undefined ? '' : `; ${verdict.note}`}`;

/** For a terminal. */
export function asText(verdicts: readonly Verdict[], screen: number, paint: Paint): string {
  const colours = { holds: 'green', broken: 'red', unknown: 'yellow' } as const;
  const rows = table(
    [
      { title: 'CHECK', cell: ({ figure }) => figure },
      { title: 'IS', right: true, cell: ({ figure, value }) => showFigure(figure, value) },
      { title: 'EXPECTED', cell: bound },
      { title: 'OF', right: true, leaves: 1, cell: countOf },
      { title: 'VERDICT', cell: ({ status }) => status },
      { title: '', leaves: 2, cell: ({ note = '' }) => note },
    ],
    verdicts,
    screen,
  );
  return rows.replace(/\b(holds|broken|unknown)\b/g, (word) =>
    paint(colours[word as Verdict['status']], word),
  );
}

/** For `$GITHUB_STEP_SUMMARY` and comments. */
export const asMarkdown = (verdicts: readonly Verdict[]): string =>
  [
    '| check | is | expected | of | verdict |',
    '|---|---:|---|---:|---|',
    ...verdicts.map(
      (each) =>
        `| ${each.figure} | ${showFigure(each.figure, each.value)} | ${bound(each)} | ${countOf(each)} | ${each.status}${each.note === undefined ? '' : `: ${each.note}`} |`,
    ),
    '',
  ].join('\n');

/** Workflow commands of GitHub Actions, which become annotations. */
export const asAnnotations = (verdicts: readonly Verdict[]): string[] =>
  verdicts
    .filter(({ status }) => status !== 'holds')
    .map(
      (each) =>
        `::${each.status === 'broken' ? 'error' : 'warning'} title=earshot check::${command(sentence(each))}`,
    );

const command = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

/** A test report that every CI reads: broken is a failure, unknown an error. */
export function asJunit(verdicts: readonly Verdict[]): string {
  const count = (status: Verdict['status']) => verdicts.filter((each) => each.status === status).length;
  const cases = verdicts.map((each) => {
    const name = xml(`${each.figure} ${bound(each)}`);
    const element = { holds: undefined, broken: 'failure', unknown: 'error' }[each.status];
    const inside = element === undefined ? '' : `<${element} message="${xml(sentence(each))}"/>`;
    return `  <testcase classname="earshot.check" name="${name}">${inside}</testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="earshot check" tests="${verdicts.length}" failures="${count('broken')}" errors="${count('unknown')}">`,
    ...cases,
    '</testsuite>',
    '',
  ].join('\n');
}

const xml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
