import { AGREEING, type CallProof, proveCall, type Witness } from '../../exporter/acoustics/call-proof.ts';
import { type Heard, Listener } from '../../exporter/acoustics/heard.ts';
import type { Stretch } from '../../exporter/acoustics/voice-activity.ts';
import { groupCall } from '../../exporter/calls/group.ts';
import { VOICE_SUFFIX } from '../../recordings/names.ts';
import { readSound, type SoundFile } from '../../recordings/read-sound.ts';
import type { Recording } from '../../recordings/recordings.ts';
import type { OpenFile, Place } from '../../storage/place.ts';
import { Turns } from '../../storage/turns.ts';
import type { CallRead } from './call-detail.ts';

/** What a file was heard to hold. */
export interface HeardFile extends SoundFile {
  readonly heard: Heard;
}

/** Hears a file out. In memory are two bytes for each 2.5 ms. @throws SoundError */
export async function hear(file: OpenFile): Promise<HeardFile> {
  let listener: Listener | undefined;
  const sound = await readSound(file, (rate) => {
    const listening = new Listener(rate);
    listener = listening;
    return (left, right) => listening.push(left, right);
  });
  return { ...sound, heard: (listener ?? new Listener(1)).heard() };
}

/** It takes the processor, and room for levels: one after the other. */
const hearing = new Turns(1);
const underWay = new Map<string, Promise<Heard | undefined>>();
/** No recording has so many words. */
const MOST_KEPT_BYTES = 16 << 20;

/**
 * What is heard in a kept recording. Worked out once and kept beside it; where that cannot be written, worked out again. Undefined:
 * the recording is gone.
 *
 * @throws SoundError for what cannot be heard.
 */
async function heardIn(place: Place, recording: Recording): Promise<Heard | undefined> {
  const kept = await keptHeard(place, recording).catch(() => undefined);
  if (kept !== undefined) return kept;
  const key = `${place.name}/${recording.path}`;
  const known = underWay.get(key);
  if (known !== undefined) return known;
  const work = hearing.take(() => hearKept(place, recording)).finally(() => underWay.delete(key));
  underWay.set(key, work);
  return work;
}

/** What journal and rows say of a call. */
type Told = { readonly [Name in 'facts' | 'logs']: Readonly<CallRead[Name]> };

/** A call whose stream began again more often is heard in its first recordings alone. */
const MOST_RECORDINGS = 50;

/** Holds a call's rows against its recordings. @throws SoundError where one cannot be heard, and what the place throws. */
export async function proveByKept(
  call: Told,
  place: Place,
  recordings: readonly Recording[],
  agreeing = AGREEING,
): Promise<CallProof> {
  const witnesses: Witness[] = [];
  for (const recording of recordings.slice(0, MOST_RECORDINGS)) {
    const heard = await heardIn(place, recording);
    if (heard !== undefined) witnesses.push({ heard, startUs: recording.startUs });
  }
  return proveBy(call, witnesses, agreeing);
}

/** Holds a call's rows against what was heard. */
export const proveBy = (
  { facts, logs }: Told,
  witnesses: readonly Witness[],
  agreeing = AGREEING,
): CallProof =>
  proveCall(
    groupCall(facts),
    new Map(logs.map(({ turn_index, eou_latency }) => [turn_index, eou_latency])),
    witnesses,
    agreeing,
  );

/** As it is kept: of which version, and of how long a file. */
interface Kept {
  readonly version: number;
  readonly bytes: number;
  readonly heard: Heard;
}

/** Another way to hear: what was kept before is worked out again. */
const VERSION = 1;

async function hearKept(place: Place, { path, bytes }: Recording): Promise<Heard | undefined> {
  const file = await place.open(path);
  if (file === undefined) return undefined;
  try {
    const { heard } = await hear(file);
    const kept: Kept = { version: VERSION, bytes, heard };
    // Only so that it need not be worked out again.
    await place.put(path + VOICE_SUFFIX, JSON.stringify(kept)).catch(() => {});
    return heard;
  } finally {
    await file.close();
  }
}

async function keptHeard(place: Place, { path, bytes }: Recording): Promise<Heard | undefined> {
  const file = await place.open(path + VOICE_SUFFIX);
  if (file === undefined) return undefined;
  try {
    if (file.bytes > MOST_KEPT_BYTES) return undefined;
    const kept = JSON.parse((await file.read(0, file.bytes)).toString('utf8')) as Partial<Kept>;
    const isCurrent = kept.version === VERSION && kept.bytes === bytes && isHeard(kept.heard);
    return isCurrent ? kept.heard : undefined;
  } finally {
    await file.close();
  }
}

const isHeard = (heard: Heard | undefined): heard is Heard =>
  heard !== undefined &&
  Number.isFinite(heard.seconds) &&
  [heard.caller, heard.agent].every(
    (side) => Array.isArray(side?.stretches) && side.stretches.every(isStretch),
  );

const isStretch = (stretch: unknown): stretch is Stretch => {
  const { start, end } = (stretch ?? {}) as Partial<Stretch>;
  return Number.isFinite(start) && Number.isFinite(end);
};
