import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { proveCall } from '../../exporter/acoustics/call-proof.ts';
import type { Heard } from '../../exporter/acoustics/heard.ts';
import type { Reason } from '../../exporter/acoustics/reasons.ts';
import { groupCall } from '../../exporter/calls/group.ts';
import { finalizeCall } from '../../exporter/finalize.ts';
import { catalogue } from '../../exporter/pricing/index.ts';
import { type Database, Journal, writeCallRows } from '../../exporter/store/index.ts';
import type { Fact } from '../../model/facts.ts';
import { callFolder, recordingName } from '../../recordings/names.ts';
import type { OpenFile } from '../../storage/place.ts';
import { hear } from '../../ui/server/heard.ts';
import { packageRoot } from './root.ts';

const FOLDER = join(packageRoot, 'test/fixtures/acoustics');
/** 2026-11-20T10:00:00Z in microseconds: when each of these calls began. */
const CALL_STARTED_US = Date.parse('2026-11-20T10:00:00Z') * 1_000;

/** A turn of a recording: what its journal tells, and what is true. Seconds from the recording's first sample. */
export interface TurnTruth {
  readonly speech_started: number;
  readonly speech_ended: number;
  readonly playback_started: number;
  readonly playback_ended: number;
  readonly eou_latency: number;
  /** The silence that is heard. */
  readonly heard: number;
  readonly reason: Reason | null;
}

/** A recording of test/fixtures/acoustics, made by `scripts/make-acoustics.sh`. */
export interface Scene {
  readonly name: string;
  readonly file: string;
  readonly codec: string;
  readonly seconds: number;
  /** From the call's start to the first sample. */
  readonly offset: number;
  readonly greeting: readonly [start: number, end: number];
  readonly turns: readonly TurnTruth[];
}

export const SCENES: readonly Scene[] = JSON.parse(readFileSync(join(FOLDER, 'truth.json'), 'utf8')).scenes;

/** @throws Error when there is none of that name. */
export function scene(name: string): Scene {
  const found = SCENES.find((each) => each.name === name);
  if (found === undefined) throw new Error(`No recording named ${name}`);
  return found;
}

export const soundOf = ({ file }: Scene): Buffer => readFileSync(join(FOLDER, file));

/** A file that is in memory. `read`: how many bytes were asked for at most at once. */
export function fileOf(bytes: Buffer): OpenFile & { readonly most: number } {
  let most = 0;
  return {
    bytes: bytes.length,
    get most() {
      return most;
    },
    read: async (position, length) => {
      most = Math.max(most, length);
      return bytes.subarray(position, position + length);
    },
    stream: () => Promise.reject(new Error('It is read by position.')),
    close: async () => {},
  };
}

export const heardOf = async (of: Scene): Promise<Heard> => (await hear(fileOf(soundOf(of)))).heard;

/** A call as its journal has it: the agent opens, and answers each turn. */
export function factsOf({ name, offset, seconds, greeting, turns }: Scene, callId = `CA-${name}`): Fact[] {
  let spans = 0;
  const at = (instant: number) => CALL_STARTED_US + Math.round((offset + instant) * 1e6);
  const base = (what: string, from: number, to: number) => {
    spans += 1;
    const id = spans.toString(16);
    return {
      ...{ callId, name: what, traceId: id.padStart(32, '0'), spanId: id.padStart(16, '0') },
      ...{ startUs: at(from), endUs: at(to) },
    };
  };
  const playback = (turnIndex: number, from: number, to: number): Fact => ({
    ...base('playback', from, to),
    ...{ type: 'stage', stage: 'playback', turnIndex, playbackSource: 'observed' },
  });
  return [
    { type: 'call', ...base('voice.call', -offset, seconds + 1) },
    { type: 'turn', turnIndex: 0, initiator: 'agent', ...base('voice.turn', ...greeting) },
    playback(0, ...greeting),
    ...turns.flatMap((turn, index): Fact[] => [
      {
        ...base('voice.turn', turn.speech_started, turn.playback_ended),
        ...{ type: 'turn', turnIndex: index + 1, initiator: 'user', eouSource: 'vad' },
        speechStartedUs: at(turn.speech_started),
        speechEndedUs: at(turn.speech_ended),
      },
      playback(index + 1, turn.playback_started, turn.playback_ended),
    ]),
  ];
}

/** Writes such calls with their rows, as agents and workers would. */
export async function writeCalls(db: Database, of: Scene, callIds: readonly string[]): Promise<void> {
  const calls = callIds.map((callId) => factsOf(of, callId));
  await new Journal(db).append(calls.flat());
  const computed = calls.map((facts) => finalizeCall(facts, catalogue()));
  await db.transaction((tx) => writeCallRows(tx, computed, 'test'));
}

/** Puts a recording where those of a call are kept. Gives its path. */
export async function keepSound(folder: string, of: Scene, callId: string): Promise<string> {
  const into = callFolder(folder, callId);
  await mkdir(into, { recursive: true });
  const path = join(into, recordingName(startOf(of), of.file.endsWith('ogg') ? 'ogg' : 'wav'));
  await writeFile(path, soundOf(of));
  return path;
}

/** Holds a recording against a call. @param startUs - of its first sample, where that is known. */
export function prove(of: Scene, heard: Heard, startUs?: number) {
  const latencies = new Map(of.turns.map(({ eou_latency }, index) => [index + 1, eou_latency]));
  const call = groupCall(factsOf(of));
  return proveCall(call, latencies, [{ heard, ...(startUs !== undefined && { startUs }) }]);
}

/** The instant of a recording's first sample. */
export const startOf = ({ offset }: Scene): number => CALL_STARTED_US + Math.round(offset * 1e6);
