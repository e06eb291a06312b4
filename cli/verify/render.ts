import { type Differences, isRefusal } from '../../exporter/acoustics/call-proof.ts';
import type { TurnProof } from '../../exporter/acoustics/turn-proof.ts';
import { noteText, reasonLines, refusalText, whyInShort } from '../../exporter/acoustics/words.ts';
import { safeText } from '../../model/safe-text.ts';
import { differencesJson, heardAnswer } from '../../ui/shared/heard.ts';
import { count, type Paint, table, UNKNOWN, wrapped } from '../render/text.ts';
import type { ProvedCall, ProvedCalls } from './prove.ts';

/** A call beside its recording: a line for each turn. */
export function callText(proved: ProvedCall, screen: number, paint: Paint): string {
  const { callId, by, proof, missingSeconds } = proved;
  const rows = proof.turns;
  return [
    paint('bold', `Call ${safeText(callId)} beside ${safeText(by)}`),
    ...proof.witnesses.flatMap((witness) =>
      isRefusal(witness)
        ? [`It ${refusalText(witness)}.`]
        : [
            ...(witness.placement.by === 'fit'
              ? [
                  `Placed where it fits best, ${minus(witness.placement.start.toFixed(3))} s from the call's start (likeness ${witness.placement.likeness.toFixed(2)}).`,
                ]
              : []),
            ...witness.notes.map(noteText),
          ],
    ),
    ...(missingSeconds === undefined
      ? []
      : [`Its head promises ${missingSeconds.toFixed(1)} s more than there are: what is there was heard.`]),
    '',
    table(
      [
        { title: 'TURN', right: true, cell: ({ turnIndex }: TurnProof) => String(turnIndex) },
        { title: 'TOLD', right: true, cell: ({ told }: TurnProof) => ms(told) },
        { title: 'HEARD', right: true, cell: ({ heard }: TurnProof) => ms(heard) },
        { title: 'DIFFERENCE', right: true, cell: ({ difference }: TurnProof) => signed(difference) },
        { title: 'WHY', cell: (turn: TurnProof) => whyInShort(turn) ?? '' },
      ],
      rows,
      screen,
    ),
    '',
    wrapped(summary(proof.differences), screen),
    ...reasonLines(rows).map((line) => wrapped(line, screen)),
  ].join('\n');
}

/** Many calls: a line for each, and what they come to. */
export function allText(proofs: ProvedCalls, screen: number, paint: Paint): string {
  const { calls, differences, unrecorded, expired, unheard } = proofs;
  const rows = calls.map(({ callId, proof }) => ({ callId, proof, worst: worstOf(proof.turns) }));
  type Row = (typeof rows)[number];
  const notes = [
    ...unheard.map(({ callId, reason }) => `${safeText(callId)}: ${safeText(reason)}.`),
    ...(expired > 0 ? [`${count(expired, 'call')} left out: the spans have left the journal.`] : []),
    ...(unrecorded > 0 ? [`${count(unrecorded, 'call')} left out: there is no recording.`] : []),
  ];
  return [
    table(
      [
        { title: 'CALL', enough: 12, cell: ({ callId }: Row) => safeText(callId) },
        { title: 'TURNS', right: true, cell: ({ proof }: Row) => String(proof.differences.turns) },
        { title: 'MEDIAN', right: true, cell: ({ proof }: Row) => signed(proof.differences.median) },
        { title: 'P95', right: true, cell: ({ proof }: Row) => ms(proof.differences.p95) },
        { title: 'WORST', right: true, cell: ({ worst }: Row) => signed(worst?.difference) },
        { title: 'WHY', cell: ({ worst }: Row) => (worst && whyInShort(worst)) ?? '' },
      ],
      rows,
      screen,
    ),
    '',
    paint('bold', wrapped(`${count(calls.length, 'call')}: ${summary(differences)}`, screen)),
    ...reasonLines(calls.flatMap(({ proof }) => proof.turns)).map((line) => wrapped(line, screen)),
    ...notes.map((note) => wrapped(note, screen)),
  ].join('\n');
}

export const callJson = ({ tenant, callId, by, proof, missingSeconds }: ProvedCall) => ({
  tenant,
  call_id: callId,
  audio: by,
  ...(missingSeconds !== undefined && { missing_seconds: missingSeconds }),
  ...heardAnswer(proof),
});

export const allJson = ({ calls, differences, unrecorded, expired, unheard }: ProvedCalls) => ({
  ...differencesJson(differences),
  unrecorded,
  expired,
  unheard: unheard.map(({ callId, reason }) => ({ call_id: callId, reason })),
  calls: calls.map(({ tenant, callId, proof }) => ({ tenant, call_id: callId, ...heardAnswer(proof) })),
});

function summary({ turns, median, p95, worst }: Differences): string {
  if (turns === 0) return 'no turn has a silence that is both told and heard.';
  return `${count(turns, 'turn')} compared: what is heard differs by ${signed(median)} in the median, by ${ms(p95)} at p95, by ${signed(worst)} at worst.`;
}

/** The turn that differs most, of those whose silence was heard. */
const worstOf = (turns: readonly TurnProof[]): TurnProof | undefined =>
  turns
    .filter(({ difference, reason }) => difference !== undefined && reason !== 'spoke_over')
    .reduce<TurnProof | undefined>(
      (worst, turn) =>
        worst === undefined || Math.abs(turn.difference ?? 0) > Math.abs(worst.difference ?? 0)
          ? turn
          : worst,
      undefined,
    );

const ms = (seconds: number | undefined): string =>
  seconds === undefined ? UNKNOWN : `${minus(Math.round(seconds * 1_000))} ms`;

const signed = (seconds: number | undefined): string =>
  seconds === undefined ? UNKNOWN : `${seconds > 0 ? '+' : ''}${ms(seconds)}`;

const minus = (value: number | string): string => String(value).replace('-', '−');
