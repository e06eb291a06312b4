import type { Fact } from '../../model/facts.ts';
import { isName } from '../../model/tenant.ts';

const TYPES: ReadonlySet<unknown> = new Set<Fact['type']>([
  'call',
  'turn',
  'turn_part',
  'stage',
  'said',
  'other',
]);
const STAGES: ReadonlySet<unknown> = new Set(['stt', 'llm', 'tts', 'playback', 'tool']);

/** One fact as one line of a spool file. */
export const toLine = (fact: Fact): string => `${JSON.stringify(fact)}\n`;

/**
 * The fact of a line; undefined when the line is none. A file on disk can have been cut off or edited: what the journal
 * needs is checked, the rest was checked when it was written.
 */
export function fromLine(line: string): Fact | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  return isFact(value) ? value : undefined;
}

function isFact(value: unknown): value is Fact {
  if (typeof value !== 'object' || value === null) return false;
  const fact = value as Record<string, unknown>;
  return (
    TYPES.has(fact.type) &&
    ['traceId', 'spanId', 'callId', 'name'].every((key) => typeof fact[key] === 'string') &&
    (fact.tenant === undefined || isName(fact.tenant)) &&
    Number.isSafeInteger(fact.startUs) &&
    Number.isSafeInteger(fact.endUs) &&
    (fact.type !== 'turn' || Number.isSafeInteger(fact.turnIndex)) &&
    (fact.type !== 'stage' || STAGES.has(fact.stage))
  );
}
