import type { Deviation, Provider } from '../../demo/replay/director.ts';
import type { ReplayedTurn } from '../../exporter/replay/compare.ts';
import type { CallScript } from '../../exporter/replay/script.ts';
import { safeText } from '../../model/safe-text.ts';
import { count, type Paint, showSeconds, table, UNKNOWN, wrapped } from '../render/text.ts';
import type { SilenceLimits, TurnVerdict } from './judge.ts';

/** What a replay came to. */
export interface ReplayResult {
  readonly file: string;
  readonly callId: string;
  readonly turns: readonly ReplayedTurn[];
  readonly verdicts: readonly TurnVerdict[];
  readonly script: CallScript;
  readonly made: {
    readonly deviations: readonly Deviation[];
    readonly unasked: Provider | undefined;
    readonly facts: readonly unknown[];
  };
  readonly limits: SilenceLimits;
}

/** As JSON: seconds; null is not known. */
export const replayJson = ({ file, callId, turns, verdicts, limits, ...rest }: ReplayResult) => ({
  file,
  call_id: callId,
  limits: { max_silence: limits.maxSilence ?? null, within: limits.within ?? null },
  turns: turns.map(({ turn, replayedTurn, saved, replayed, heard, difference, most }) => ({
    turn_index: turn,
    replayed_turn_index: replayedTurn,
    saved,
    replayed,
    heard,
    difference,
    most,
  })),
  verdicts,
  notes: notesOf(rest),
});

export function replayText(result: ReplayResult, screen: number, paint: Paint): string {
  const { turns, verdicts } = result;
  const statusOf = (turn: ReplayedTurn) => verdicts.filter((verdict) => verdict.turn === turn.turn);
  const rows = table<ReplayedTurn>(
    [
      { title: 'TURN', right: true, cell: ({ turn }) => `${turn}` },
      { title: 'SAVED', right: true, cell: ({ saved }) => showSeconds(saved.silence) },
      { title: 'REPLAYED', right: true, cell: ({ replayed }) => showSeconds(replayed.silence) },
      { title: 'DIFFERENCE', right: true, cell: ({ difference }) => signed(difference) },
      {
        title: 'MOST OF IT',
        leaves: 1,
        cell: ({ most }) => (most === null ? UNKNOWN : `${most.segment} ${signed(most.seconds)}`),
      },
      { title: 'HEARD', right: true, leaves: 2, cell: ({ heard }) => showSeconds(heard) },
      {
        title: '',
        cell: (turn) =>
          statusOf(turn)
            .map((verdict) => wordsOf(verdict, paint))
            .join(', '),
      },
    ],
    turns,
    screen,
  );
  const broken = verdicts.filter(({ status }) => status === 'broken').length;
  const unknown = verdicts.filter(({ status }) => status === 'unknown').length;
  const limited = result.limits.maxSilence !== undefined || result.limits.within !== undefined;
  const summary =
    broken > 0
      ? `${count(broken, 'limit')} broken.`
      : unknown > 0
        ? `${count(unknown, 'turn')} could not be judged.`
        : limited
          ? 'All limits hold.'
          : `${count(turns.length, 'turn')} replayed; no limit was given.`;
  const notes = notesOf(result).map((note) => paint('dim', wrapped(note, screen)));
  return [rows, '', paint('bold', summary), ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}

/** `+120 ms` */
const signed = (seconds: number | null): string =>
  seconds === null ? UNKNOWN : `${seconds < 0 ? '−' : '+'}${showSeconds(Math.abs(seconds))}`;

function wordsOf({ status, limit, most }: TurnVerdict, paint: Paint): string {
  if (status === 'holds') return paint('green', 'holds');
  if (status === 'unknown')
    return paint('yellow', limit === 'replayed' ? 'no silence was seen' : 'not known before');
  return paint('red', `more than ${showSeconds(most)}`);
}

/** What was not as it was, once each. */
function notesOf({ script, made }: Pick<ReplayResult, 'script' | 'made'>): string[] {
  const guessed = script.exchanges
    .filter(({ speech }) => speech?.isGuessed === true)
    .flatMap(({ turns }) => turns.slice(0, 1));
  const said = script.exchanges.filter(
    ({ speech }) => speech !== undefined && speech.text === undefined,
  ).length;
  return [
    ...(made.facts.length === 0
      ? [
          'The agent reported nothing about the call: earshot/register was not loaded, or it exports no spans.',
        ]
      : []),
    ...(said > 0
      ? [
          'What was said is not in the file: the caller spoke words that say nothing, as long as those that were said.',
        ]
      : []),
    ...(guessed.length > 0
      ? [`How long the user spoke in turn ${guessed.join(', ')} is not known: two seconds were spoken.`]
      : []),
    ...new Set(made.deviations.map(describeDeviation)),
    ...(made.unasked === undefined ? [] : [unaskedText(made.unasked)]),
  ];
}

/** What an agent did not use of what stands in here, and so was not served with. */
export const unaskedText = (provider: Provider): string => UNASKED[provider];

const UNASKED: Readonly<Record<Provider, string>> = {
  stt: 'The agent sent no audio to the speech to text that stands in here, which is Deepgram, at DEEPGRAM_URL.',
  llm: 'The agent asked no language model that stands in here: these are OpenAI and Groq, at OPENAI_BASE_URL and GROQ_BASE_URL, and none that hears and speaks itself.',
  tts: 'The agent had nothing spoken by what stands in here, which is Cartesia over HTTP, at CARTESIA_BASE_URL, and not over WebSockets.',
};

function describeDeviation({ turn, what, name = '' }: Deviation): string {
  const where = `Turn ${turn ?? UNKNOWN}`;
  switch (what) {
    case 'more_requests':
      return `${where}: the agent made more requests to a model than in the saved call; these took as long as the last of those.`;
    case 'more_syntheses':
      return `${where}: the agent had more texts spoken than in the saved call; these took as long as the last of those.`;
    case 'no_tool':
      return `${where}: the agent offers no tool ${safeText(name)}: the model answered in words.`;
    default:
      return what satisfies never;
  }
}
