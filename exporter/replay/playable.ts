import type { CallScript } from './script.ts';

const MINUTE_MS = 60_000;

/** What a call can have that is made again, so that one takes no more time and memory than that, whatever its file says. */
const MOST = {
  exchanges: 1_000,
  /** Of the whole call, in real time. */
  callMs: 120 * MINUTE_MS,
  /** Of one utterance, and of the audio of one synthesis. */
  soundMs: 10 * MINUTE_MS,
  characters: 20_000,
  tokens: 20_000,
} as const;

/** Why a call cannot be made again; undefined where it can. Pure. */
export function unplayable({ exchanges, hangUpMs }: CallScript): string | undefined {
  const speeches = exchanges.flatMap(({ speech }) => speech ?? []);
  if (speeches.length === 0) return 'no one spoke in this call: there is nothing to say again';
  if (exchanges.length > MOST.exchanges) return `it has more than ${MOST.exchanges} turns`;
  const works = exchanges.flatMap(({ requests, syntheses }) => [...requests, ...syntheses]);
  const syntheses = exchanges.flatMap((exchange) => exchange.syntheses);
  const sounds = [...speeches.map(({ ms }) => ms), ...syntheses.map(({ audioMs = 0 }) => audioMs)];
  if (sounds.some((ms) => ms > MOST.soundMs))
    return `someone speaks for more than ${MOST.soundMs / MINUTE_MS} minutes at once`;
  const characters = [
    ...syntheses.map((synthesis) => synthesis.characters ?? 0),
    ...exchanges.flatMap(({ answer = '', speech }) => [answer.length, speech?.text?.length ?? 0]),
  ];
  const tokens = exchanges.flatMap(({ requests }) => requests.map(({ usage }) => usage?.outputTokens ?? 0));
  if (characters.some((count) => count > MOST.characters) || tokens.some((count) => count > MOST.tokens))
    return 'an answer in it is longer than anyone speaks';
  const times = [
    hangUpMs,
    ...speeches.flatMap(({ afterMs, ms }) => [afterMs, ms]),
    ...exchanges.map(({ transcriptMs = 0 }) => transcriptMs),
    ...works.map(({ ms }) => ms),
  ];
  return times.reduce((sum, ms) => sum + ms, 0) > MOST.callMs
    ? `it takes more than ${MOST.callMs / MINUTE_MS} minutes, and a replay is in real time`
    : undefined;
}
