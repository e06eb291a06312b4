import type { Verdict } from '../../exporter/checks/judge.ts';
import { showCount, showFigure, showInterval, showLimit } from '../../exporter/checks/words.ts';
import { type Paint, table, UNKNOWN } from '../render/text.ts';

const value = ({ figure, value: of }: Verdict): string => (of === null ? UNKNOWN : showFigure(figure, of));

const bound = (verdict: Verdict): string => showLimit(verdict, UNKNOWN);

/** One sentence: `silence-p95 is 1240 ms, expected at most 900 ms (512 turns)`. */
const sentence = (verdict: Verdict): string =>
  `${verdict.figure} is ${value(verdict)}, expected ${bound(verdict)} (${showCount(verdict)})${verdict.note === undefined ? '' : `; ${verdict.note}`}`;

const INTERVAL = { title: '95 %', leaves: 2, cell: showInterval };

/** For a terminal. */
export function asText(verdicts: readonly Verdict[], screen: number, paint: Paint): string {
  const colours = { holds: 'green', broken: 'red', unknown: 'yellow' } as const;
  const rows = table(
    [
      { title: 'CHECK', cell: ({ figure }) => figure },
      { title: 'IS', right: true, cell: value },
      ...(verdicts.some(({ interval }) => interval) ? [INTERVAL] : []),
      { title: 'EXPECTED', cell: bound },
      { title: 'OF', right: true, leaves: 1, cell: showCount },
      { title: 'VERDICT', cell: ({ status }) => status },
      { title: '', leaves: 3, cell: ({ note = '' }) => note },
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
    '| check | is | 95 % | expected | of | verdict |',
    '|---|---:|---|---|---:|---|',
    ...verdicts.map(
      (each) =>
        `| ${each.figure} | ${value(each)} | ${showInterval(each) || UNKNOWN} | ${bound(each)} | ${showCount(each)} | ${each.status}${each.note === undefined ? '' : `: ${each.note}`} |`,
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
