import { parseJson } from '../../kit/json.ts';
import { at, quantity, text } from '../../kit/patch.ts';

/** What a `TurnInfo` of Flux reports. Others may be added: they carry what was understood, as all of them do. */
export type TurnEvent = 'StartOfTurn' | 'Update' | 'EagerEndOfTurn' | 'TurnResumed' | 'EndOfTurn' | 'unknown';

/** The state of the turn that the user is speaking in. Positions are seconds of the audio sent on the connection. */
export interface TurnInfo {
  readonly event: TurnEvent;
  /** All that was said in the turn so far. Absent: nothing was understood. */
  readonly transcript: string | undefined;
  readonly wordCount: number;
  /** Where the first word begins and the last one ends. The service did not always tell. */
  readonly startSeconds: number | undefined;
  readonly endSeconds: number | undefined;
  /** Where the audio that was looked at so far ends, spoken in or not. */
  readonly windowEndSeconds: number | undefined;
}

const EVENTS: ReadonlySet<string> = new Set([
  'StartOfTurn',
  'Update',
  'EagerEndOfTurn',
  'TurnResumed',
  'EndOfTurn',
] satisfies TurnEvent[]);

/** Reads what came on a Flux connection; undefined when it reports no turn. */
export function readTurnInfo(data: unknown): TurnInfo | undefined {
  const message = parseJson(data);
  if (message?.type !== 'TurnInfo') return undefined;
  const words: readonly unknown[] = Array.isArray(message.words) ? message.words : [];
  const event = String(message.event);
  return {
    event: EVENTS.has(event) ? (event as TurnEvent) : 'unknown',
    transcript: text(message.transcript),
    wordCount: words.length,
    startSeconds: quantity(at(words.at(0), 'start')),
    endSeconds: quantity(at(words.at(-1), 'end')),
    windowEndSeconds: quantity(message.audio_window_end),
  };
}
