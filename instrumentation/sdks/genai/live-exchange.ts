import type { Usage } from '../../../model/facts.ts';
import type { StageResult } from '../../call/stage.ts';
import { text } from '../kit/patch.ts';

/** What the user says, from its beginning to the next. */
export interface Utterance {
  readonly id: string;
  text: string;
  firstMs?: number;
  lastMs?: number;
  /** Its beginning and end are reported, so its transcript need not show them. */
  vad: 'none' | 'begun' | 'over';
  committed: boolean;
  told: boolean;
}

/** What the model answers, until the server says that its turn is complete. */
export interface Response {
  readonly id: string;
  /** When it was asked for is known: its first byte can be measured. */
  readonly asked: boolean;
  text: string;
  usage?: Usage | undefined;
  toolCalled: boolean;
  /** When the model had generated all of it. */
  doneMs?: number;
  cancelled: boolean;
  /** Nothing more comes but its usage. */
  over: boolean;
}

export const newUtterance = (id: string): Utterance => ({
  id,
  text: '',
  vad: 'none',
  committed: false,
  told: false,
});

export const newResponse = (id: string, asked: boolean): Response => ({
  id,
  asked,
  text: '',
  toolCalled: false,
  cancelled: false,
  over: false,
});

/** How a response ended, and with what. @param error What the connection broke by. */
export function endOf(
  response: Response,
  error: string | undefined,
): { result: StageResult; cancelled?: boolean; error?: string } {
  const cancelled = response.cancelled || response.doneMs === undefined;
  const result = {
    text: text(response.text.trim()),
    usage: response.usage,
    finishReasons: response.toolCalled ? ['tool_calls'] : cancelled ? [] : ['stop'],
  };
  return cancelled && !response.cancelled && error !== undefined ? { result, error } : { result, cancelled };
}
