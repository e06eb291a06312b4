import { type ModelName, parseModelName } from '../../exporter/decisions/model-name.ts';
import { type Wish, wishFor } from '../../exporter/decisions/wish.ts';
import { HttpError } from '../../exporter/receiver/door/answer.ts';

const MOST_CHARACTERS = 300;
/** Longer than anyone waits. */
const MOST_SECONDS = 60;

/** What a query string asks to be different. @throws HttpError 400 where that is nothing, or cannot be read */
export function wishOf(query: URLSearchParams): Wish {
  const wish = wishFor({
    stt: modelOf(query, 'stt'),
    llm: modelOf(query, 'llm'),
    tts: modelOf(query, 'tts'),
    endpointing: secondsOf(query, 'endpointing'),
    endpointingNow: secondsOf(query, 'endpointing_now'),
  });
  if (wish !== undefined) return wish;
  throw new HttpError(
    400,
    'saw nothing that is to be different, expected llm, tts or stt=PROVIDER/MODEL, or endpointing=SECONDS',
  );
}

function modelOf(query: URLSearchParams, name: string): ModelName | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const model = text.length > MOST_CHARACTERS || text.includes('\0') ? undefined : parseModelName(text);
  if (model !== undefined) return model;
  throw new HttpError(
    400,
    `${name}: saw ${shown(text)}, expected a provider and a model such as openai/gpt-4.1-mini`,
  );
}

/** A parameter in seconds; undefined where it is not given. @throws HttpError 400 */
export function secondsOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const seconds = Number(text);
  if (seconds >= 0 && seconds <= MOST_SECONDS) return seconds;
  throw new HttpError(
    400,
    `${name}: saw ${shown(text)}, expected seconds from 0 to ${MOST_SECONDS}, such as 0.22`,
  );
}

/** What is drawn by: the same calls and seed give the same intervals. @throws HttpError 400 */
export function seedOf(query: URLSearchParams): { seed?: number } {
  const text = query.get('seed');
  if (text === null || text === '') return {};
  if (/^\d{1,9}$/.test(text)) return { seed: Number(text) };
  throw new HttpError(400, `seed: saw ${shown(text)}, expected a whole number`);
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 60));
