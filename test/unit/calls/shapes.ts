import fc from 'fast-check';
import type { Fact } from '../../../model/facts.ts';
import type { StageKind } from '../../../model/vocabulary.ts';
import { T0 } from './builders.ts';

/** A kind of span that a call has many of, and how each stands to the others. */
export interface Strand {
  what: 'turn' | 'user' | 'agent' | 'both' | StageKind;
  /** `packed`: all at one instant. `spread`: one after the other. `nested`: each begins later and ends earlier. */
  times: 'packed' | 'spread' | 'nested' | 'long';
  /** `chain`: below the one before. `other`: below one of the strand before. `circle`: below each other. */
  parent: 'none' | 'chain' | 'first' | 'other' | 'circle';
  index: 'none' | 'same' | 'own';
  trace: 'one' | 'own';
  firstByte: 'none' | 'start' | 'end';
  usage: boolean;
  cancelled: boolean;
  /** The framework's own figures, ids of replies and flags. */
  said: boolean;
}

/** The shape of a call, of any size. */
export type Shape = readonly Strand[];

export const anyShape: fc.Arbitrary<Shape> = fc.array(
  fc.record<Strand>({
    what: fc.constantFrom('turn', 'user', 'agent', 'both', 'stt', 'llm', 'tts', 'playback', 'tool'),
    times: fc.constantFrom('packed', 'spread', 'nested', 'long'),
    parent: fc.constantFrom('none', 'chain', 'first', 'other', 'circle'),
    index: fc.constantFrom('none', 'same', 'own'),
    trace: fc.constantFrom('one', 'own'),
    firstByte: fc.constantFrom('none', 'start', 'end'),
    usage: fc.boolean(),
    cancelled: fc.boolean(),
    said: fc.boolean(),
  }),
  { minLength: 1, maxLength: 4 },
);

const plain: Strand = {
  what: 'llm',
  times: 'spread',
  parent: 'none',
  index: 'none',
  trace: 'one',
  firstByte: 'none',
  usage: false,
  cancelled: false,
  said: false,
};

/** Shapes that have stopped a process before. */
export const KNOWN_SHAPES: Readonly<Record<string, Shape>> = {
  'requests each below the one before': [{ ...plain, parent: 'chain' }],
  'a user whom no reply was heard by': [
    { ...plain, what: 'user', times: 'long' },
    { ...plain, what: 'agent' },
  ],
  'playbacks below nothing': [{ ...plain, what: 'playback' }],
  'playbacks and syntheses below nothing': [
    { ...plain, what: 'playback' },
    { ...plain, what: 'tts', firstByte: 'end' },
  ],
  'users and agents by turns': [
    { ...plain, what: 'user', said: true },
    { ...plain, what: 'agent', said: true },
    { ...plain, what: 'playback', parent: 'other' },
  ],
  'turns of equal start, cut off if followed': [
    { ...plain, what: 'turn', times: 'packed', index: 'own', trace: 'own', said: true },
  ],
  'turns that all have one number': [
    { ...plain, what: 'turn', index: 'same', trace: 'own' },
    { ...plain, what: 'llm', index: 'same', trace: 'own' },
  ],
  'playbacks that no reply is during': [
    { ...plain, what: 'agent', times: 'packed' },
    { ...plain, what: 'playback' },
  ],
  'requests that no synthesis speaks': [
    { ...plain, what: 'turn', index: 'same' },
    { ...plain, what: 'llm', index: 'same', times: 'packed', firstByte: 'start' },
    { ...plain, what: 'tts', index: 'same', firstByte: 'end' },
    { ...plain, what: 'playback', index: 'same' },
  ],
  'plain turns': [
    { ...plain, what: 'turn', index: 'own', trace: 'own' },
    { ...plain, what: 'llm', index: 'own', trace: 'own', firstByte: 'start', usage: true },
  ],
};

/** A call of this shape with about `size` spans. */
export function callOfShape(shape: Shape, size: number): Fact[] {
  const each = Math.ceil(size / shape.length);
  return shape.flatMap((strand, number) =>
    Array.from({ length: each }, (_, index) => span(strand, number, index, each)),
  );
}

function span(strand: Strand, number: number, index: number, count: number): Fact {
  const { what, said } = strand;
  const [startUs, endUs] = boundsOf(strand.times, index, count);
  const parentSpanId = parentOf(strand.parent, number, index, count);
  const base = {
    traceId: strand.trace === 'one' ? 'trace' : `trace-${index}`,
    spanId: idOf(number, index),
    ...(parentSpanId !== undefined && { parentSpanId }),
    callId: 'C1',
    name: `${what} ${index}`,
    startUs,
    endUs,
  };
  const turnIndex = { none: undefined, same: 0, own: index }[strand.index];
  switch (what) {
    case 'turn':
      return {
        ...base,
        type: 'turn',
        turnIndex: turnIndex ?? index,
        ...(said && { interruptedIfFollowed: true }),
      };
    case 'user':
      return {
        ...base,
        type: 'turn_part',
        part: what,
        ...(said && { endOfTurnDelaySeconds: 0.5, sttModel: 'm' }),
      };
    case 'agent':
    case 'both':
      return {
        ...base,
        type: 'turn_part',
        part: what,
        ...(said && { reportedEouLatencySeconds: 0.4, interrupted: true, replyKey: `reply-${index >> 1}` }),
      };
    default:
      return {
        ...base,
        type: 'stage',
        stage: what,
        ...(turnIndex !== undefined && { turnIndex }),
        ...(strand.firstByte !== 'none' && { firstByteUs: strand.firstByte === 'start' ? startUs : endUs }),
        ...(strand.usage && { usage: { inputTokens: 10, characters: 10, audioSeconds: 1 } }),
        ...(strand.cancelled && { cancelled: true }),
      };
  }
}

const idOf = (number: number, index: number): string => `${number}-${index}`;

function parentOf(
  parent: Strand['parent'],
  number: number,
  index: number,
  count: number,
): string | undefined {
  switch (parent) {
    case 'chain':
      return index === 0 ? undefined : idOf(number, index - 1);
    case 'circle':
      return idOf(number, (index + 1) % count);
    case 'first':
      return idOf(number, 0);
    case 'other':
      return idOf(Math.max(0, number - 1), index);
    default:
      return undefined;
  }
}

function boundsOf(times: Strand['times'], index: number, count: number): readonly [number, number] {
  switch (times) {
    case 'packed':
      return [T0, T0 + 1_000];
    case 'spread':
      return [T0 + index * 1_000, T0 + index * 1_000 + 900];
    case 'nested':
      return [T0 + index * 1_000, T0 + (2 * count - index) * 1_000];
    case 'long':
      return [T0 + index * 1_000, T0 + 2 * count * 1_000];
    default:
      return times satisfies never;
  }
}
