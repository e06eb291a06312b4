import { safeText } from '../../model/safe-text.ts';
import type { Colour, Paint } from '../render/text.ts';
import type { Finding } from './finding.ts';

const COLOURS: Readonly<Record<Finding['status'], Colour>> = { ok: 'green', warn: 'yellow', fail: 'red' };
const STATUS_WIDTH = 6;
const MIN_COLUMNS = 60;
const MAX_COLUMNS = 100;

/** Each finding on a line, longer ones on several, with its cure below. */
export function renderFindings(findings: readonly Finding[], columns: number, paint: Paint): string {
  const nameWidth = Math.max(...findings.map(({ name }) => name.length)) + 2;
  const indent = ' '.repeat(STATUS_WIDTH + nameWidth);
  const width = Math.min(Math.max(columns, MIN_COLUMNS), MAX_COLUMNS) - indent.length;
  return findings
    .map(({ name, status, text, cure }) => {
      const head = paint(COLOURS[status], status.padEnd(STATUS_WIDTH)) + name.padEnd(nameWidth);
      const lines = [...wrap(text, width), ...(cure === undefined ? [] : wrap(`→ ${cure}`, width))];
      return `${head}${lines.join(`\n${indent}`)}`;
    })
    .join('\n');
}

/** A word that is longer than a line, such as a path, stays whole: it is there to be copied. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of safeText(text).split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
