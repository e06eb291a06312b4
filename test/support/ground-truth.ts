import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Decimal } from 'decimal.js';
import type { TurnTruth } from '../../demo/phone-caller.ts';
import type { CartesiaTruth } from '../../demo/simulators/cartesia-truth.ts';
import type { ChatTruth } from '../../demo/simulators/chat.ts';
import type { DeepgramTruth } from '../../demo/simulators/deepgram.ts';
import type { ProviderTruth, WorldCall } from '../../demo/world.ts';
import type { CallLogRow } from '../../model/rows.ts';
import { LATENCIES, type Latency, type Statistic } from '../../model/vocabulary.ts';
import { packageRoot } from './root.ts';
import type { Stall } from './stalls.ts';

/** From one instant to another. Epoch microseconds. */
export interface Interval {
  readonly fromMicros: number;
  readonly toMicros: number;
}

/** What a turn's row must say, from what the caller heard and what the providers did. Null: it did not happen. */
export interface ExpectedTurn {
  readonly initiator: 'user' | 'agent';
  readonly latencies: Readonly<Record<Latency, Interval | null>>;
  readonly interrupted: boolean;
  /** From the first sample of the barge-in until the agent was silent. */
  readonly timeToSilence: Interval | null;
  /** Tokens that the server counted; null when it did not get to count a request's. */
  readonly tokens: { readonly input: number; readonly output: number } | null;
  readonly requests: number;
  readonly characters: number;
  /** Audio that was sent; what of a cut-off synthesis was on its way is in it. */
  readonly ttsAudioSeconds: number;
  readonly ttsCutOff: boolean;
}

/** What a call's rows must say. */
export interface ExpectedCall {
  readonly turns: readonly ExpectedTurn[];
  readonly sttAudioSeconds: number;
  readonly duration: Interval;
}

type Received<E> = Extract<E, { kind: 'received' }>;

/** One request to a provider with all that happened to it. */
interface Request<E> {
  readonly received: Received<E>;
  readonly events: readonly E[];
}

/** Works out what the rows of a call must say from its truth alone. */
export function expectCall(call: WorldCall, truth: ProviderTruth): ExpectedCall {
  const chats = requestsOf<ChatTruth>(truth.chat);
  const syntheses = requestsOf<CartesiaTruth>(truth.cartesia);
  const { turns } = call;
  return {
    turns: turns.map((turn, index) => {
      const next = turns[index + 1];
      // A request answers the last utterance that had ended when it was sent.
      const between = [turn.speechEndedMicros ?? 0, next?.speechEndedMicros ?? Number.POSITIVE_INFINITY];
      const ofTurn = <R extends { received: { atMicros: number } }>(requests: readonly R[]): R[] =>
        requests.filter(({ received }) => within(received.atMicros, between));
      return expectTurn(turn, next, truth.deepgram, ofTurn(chats), ofTurn(syntheses));
    }),
    sttAudioSeconds: sumSeconds(
      truth.deepgram.map((event) => (event.kind === 'closed' ? event.audioSeconds : 0)),
    ),
    duration: { fromMicros: call.connectedMicros, toMicros: call.endedMicros },
  };
}

function expectTurn(
  turn: TurnTruth,
  next: TurnTruth | undefined,
  deepgram: readonly DeepgramTruth[],
  chats: readonly Request<ChatTruth>[],
  syntheses: readonly Request<CartesiaTruth>[],
): ExpectedTurn {
  const { speechStartedMicros, speechEndedMicros, firstAudioMicros, bargedInMicros, clearedMicros } = turn;
  const transcripts = transcriptsOf(deepgram, [
    speechStartedMicros ?? Number.POSITIVE_INFINITY,
    next?.speechStartedMicros ?? Number.POSITIVE_INFINITY,
  ]);
  const spokenChat = chats.findLast(({ events }) => saidSomething(events));
  const spokenTts = syntheses.find(({ events }) => find(events, 'first_byte'));
  const finished = chats.map(({ events }) => find(events, 'finished')?.usage);
  const barge = bargedInMicros !== undefined && clearedMicros !== undefined;
  return {
    initiator: turn.initiator,
    latencies: {
      ttfb_stt: interval(speechStartedMicros, transcripts[0]?.atMicros),
      latency_stt: interval(speechEndedMicros, transcripts.findLast(({ final }) => final)?.atMicros),
      ttfb_llm: latencyOf(spokenChat, 'first_token'),
      latency_llm: latencyOf(spokenChat, 'finished'),
      ttfb_tts: latencyOf(spokenTts, 'first_byte'),
      latency_tts: latencyOf(spokenTts, 'finished'),
      eou_latency: interval(speechEndedMicros, firstAudioMicros),
    },
    interrupted: barge,
    timeToSilence: barge ? { fromMicros: bargedInMicros, toMicros: clearedMicros } : null,
    requests: chats.length,
    tokens: finished.includes(undefined)
      ? null
      : {
          input: sum(finished.map((usage) => usage?.prompt_tokens ?? 0)),
          output: sum(finished.map((usage) => usage?.completion_tokens ?? 0)),
        },
    characters: sum(syntheses.map(({ received }) => received.text.length)),
    ttsAudioSeconds: sumSeconds(
      syntheses.map(({ events }) => (find(events, 'finished') ?? find(events, 'aborted'))?.audioSeconds ?? 0),
    ),
    ttsCutOff: syntheses.some(({ events }) => find(events, 'aborted')),
  };
}

function requestsOf<E extends { atMicros: number; requestId: string; kind: string }>(
  truth: readonly E[],
): Request<E>[] {
  return truth
    .filter((event): event is Received<E> & E => event.kind === 'received')
    .map((received) => ({
      received,
      events: truth.filter(({ requestId }) => requestId === received.requestId),
    }));
}

/** The messages with text that Deepgram sent in a time. */
function transcriptsOf(deepgram: readonly DeepgramTruth[], between: readonly number[]) {
  return deepgram.flatMap((event) => {
    if (event.kind !== 'sent' || event.message.type !== 'Results') return [];
    const { channel, is_final: final } = event.message;
    if (!channel.alternatives[0]?.transcript || !within(event.atMicros, between)) return [];
    return { atMicros: event.atMicros, final };
  });
}

const saidSomething = (events: readonly ChatTruth[]): boolean =>
  find(events, 'finished')?.reply.kind === 'text' || Boolean(find(events, 'aborted')?.sent);

const find = <E extends { kind: string }, K extends E['kind']>(
  events: readonly E[],
  kind: K,
): Extract<E, { kind: K }> | undefined =>
  events.find((event): event is Extract<E, { kind: K }> => event.kind === kind);

const within = (atMicros: number, [from = 0, to = 0]: readonly number[]): boolean =>
  atMicros >= from && atMicros < to;

const interval = (fromMicros: number | undefined, toMicros: number | undefined): Interval | null =>
  fromMicros === undefined || toMicros === undefined ? null : { fromMicros, toMicros };

const latencyOf = <E extends { atMicros: number; kind: string }>(
  request: Request<E> | undefined,
  kind: E['kind'],
): Interval | null => interval(request?.received.atMicros, request && find(request.events, kind)?.atMicros);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Seconds of audio are kept to the microsecond: a sum of doubles may be less than what was summed. */
const sumSeconds = (values: readonly number[]): number => Math.round(sum(values) * 1e6) / 1e6;

/** A measured time beside the true one. */
export interface Measurement {
  readonly column: string;
  /** Call and turn, for the reader. */
  readonly where: string;
  readonly measuredSeconds: number;
  readonly truth: Interval;
  /** How far off it may be where that is not what all others may be, in milliseconds. */
  readonly mostErrorMs?: number;
  /** Of a sum: the instants that it is made of, any of which may have been seen late. (Default: those of `truth`.) */
  readonly instants?: readonly number[];
}

/**
 * The latencies of rows beside the true ones. One that has no truth, or that is missing, is a difference of structure.
 *
 * @throws AssertionError where only one of the two is there.
 */
export function latencyMeasurements(
  turns: readonly { readonly where: string; readonly row: CallLogRow; readonly expected: ExpectedTurn }[],
): Measurement[] {
  return turns.flatMap(({ where, row, expected }) =>
    LATENCIES.flatMap((column) => {
      const [measuredSeconds, truth] = [row[column], expected.latencies[column]];
      assert.equal(measuredSeconds === null, truth === null, `${where}: ${column} = ${measuredSeconds}`);
      return measuredSeconds === null || truth === null ? [] : [{ column, where, measuredSeconds, truth }];
    }),
  );
}

/** How far a measurement is off, in milliseconds; positive when it says too much. */
export const errorMs = ({ measuredSeconds, truth }: Measurement): number =>
  measuredSeconds * 1000 - (truth.toMicros - truth.fromMicros) / 1000;

/**
 * How much of an error the stalls of the processes can explain, in milliseconds: what was lost around the two instants,
 * where either of caller, servers and agent saw one of them late.
 */
export function explainedMs(measurement: Measurement, stalls: readonly Stall[]): number {
  const { fromMicros, toMicros } = measurement.truth;
  const around = Math.abs(errorMs(measurement)) * 1000;
  const near = (instant: number, stall: Stall): boolean =>
    stall.fromMicros <= instant + around && stall.toMicros >= instant - around;
  const { instants = [fromMicros, toMicros] } = measurement;
  const lost = stalls.filter((stall) => instants.some((instant) => near(instant, stall)));
  return sum(lost.map(({ lostMicros }) => lostMicros)) / 1000;
}

/** A table of the errors by column, in milliseconds. */
export function errorTable(measurements: readonly Measurement[]): string {
  const columns = [...new Set(measurements.map(({ column }) => column))];
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(18) : cell.padStart(9))).join('');
  return [
    line(['error in ms', 'n', 'bias', 'median', 'p95', 'max']),
    ...[...columns, 'all'].map((column) => {
      const errors = measurements.filter((each) => column === 'all' || each.column === column).map(errorMs);
      const sizes = errors.map(Math.abs);
      const numbers = [
        percentile(errors, 0.5),
        percentile(sizes, 0.5),
        percentile(sizes, 0.95),
        Math.max(...sizes),
      ];
      return line([column, `${errors.length}`, ...numbers.map((value) => value.toFixed(2))]);
    }),
  ].join('\n');
}

/** A percentile between neighbours by linear interpolation. */
export function percentile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * fraction;
  const [below = Number.NaN, above = below] = sorted.slice(Math.floor(position));
  return below + (above - below) * (position % 1);
}

/** The numbers that a call keeps of a latency, worked out the plain way. */
export function summary(values: readonly number[]): Readonly<Record<Statistic, number>> {
  return {
    avg: sum(values) / values.length,
    min: Math.min(...values),
    max: Math.max(...values),
    p50: percentile(values, 0.5),
    p95: percentile(values, 0.95),
  };
}

interface PriceFile {
  readonly entries: readonly {
    readonly models: readonly string[];
    readonly mode?: string;
    readonly history: readonly {
      readonly valid_from: string;
      readonly prices: Readonly<Record<string, string>>;
    }[];
  }[];
}

/**
 * A list price as `exporter/prices` has it on a day: of the file's entry that has `model`.
 *
 * @throws Error when there is none.
 */
export function listPrice(
  provider: string,
  model: string,
  unit: string,
  atMicros: number,
  mode?: string,
): Decimal {
  const file: PriceFile = JSON.parse(
    readFileSync(join(packageRoot, `exporter/prices/${provider}.json`), 'utf8'),
  );
  const day = new Date(atMicros / 1000).toISOString().slice(0, 10);
  const entry = file.entries.find(({ models, mode: of }) => models.includes(model) && of === mode);
  const price = entry?.history.findLast(({ valid_from }) => valid_from <= day)?.prices[unit];
  if (price === undefined) throw new Error(`No ${unit} of ${provider}/${model} on ${day}`);
  return new Decimal(price);
}
