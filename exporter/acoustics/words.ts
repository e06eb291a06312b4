import type { Note, Refusal } from './call-proof.ts';
import { REASONS, type Reason } from './reasons.ts';
import type { TurnProof } from './turn-proof.ts';

/** Why a turn differs, in a word or two: `user went on (vad)`. Undefined: it agrees. */
export function whyInShort({ reason, eouSource, playbackSource }: TurnProof): string | undefined {
  if (reason === undefined) return undefined;
  const short = reason.replaceAll('_', ' ');
  const isOfEnd = reason === 'user_went_on' || reason === 'ended_sooner';
  const isOfStart = reason === 'heard_later' || reason === 'heard_sooner';
  if (isOfEnd && eouSource !== undefined) return `${short} (${eouSource})`;
  return isOfStart && playbackSource === 'estimated' ? `${short} (estimated)` : short;
}

/** Why a turn differs, in words. Undefined: it agrees. */
export const whyOf = ({ reason }: TurnProof): string | undefined => reason && REASONS[reason];

/** What the reasons among some turns mean, each with how many turns have it, the most frequent first. */
export function reasonLines(turns: readonly TurnProof[]): string[] {
  const counts = new Map<Reason, number>();
  for (const { reason } of turns) if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${count} × ${reason.replaceAll('_', ' ')}: ${REASONS[reason]}.`);
}

/** What to keep in mind of a recording, in words. */
export function noteText(note: Note): string {
  switch (note.kind) {
    case 'noisy':
      return `The ${note.side}'s voice is ${Math.round(note.decibels)} dB above the noise: the ends of words drown in it.`;
    case 'swapped':
      return 'The agent is left and the caller right: the sides were exchanged.';
    case 'moved':
      return `It is ${Math.abs(note.seconds).toFixed(2)} s ${note.seconds < 0 ? 'earlier' : 'later'} than its name says: another clock named it.`;
    case 'drift':
      return `Its clock runs ${Math.abs(Math.round(note.perMillion))} parts in a million ${note.perMillion > 0 ? 'fast' : 'slow'}.`;
    default:
      return note satisfies never;
  }
}

/** Why a recording says nothing of a call, in words that go on after its name. */
export function refusalText(refusal: Refusal): string {
  switch (refusal.kind) {
    case 'same':
      return 'has the same sound on both sides: caller and agent cannot be told apart';
    case 'silent':
      return 'has no speech on either side';
    case 'no_speech_told':
      return 'cannot be placed: the journal does not say when anyone spoke in this call';
    case 'another_call':
      return `is not of this call: who speaks when is nowhere alike (${refusal.likeness.toFixed(2)} of 1)`;
    default:
      return refusal satisfies never;
  }
}
