import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import {
  type CallProof,
  type Differences,
  differencesOf,
  isRefusal,
} from '../../exporter/acoustics/call-proof.ts';
import { refusalText } from '../../exporter/acoustics/words.ts';
import { catalogue } from '../../exporter/pricing/index.ts';
import {
  type CallFilter,
  type CallKey,
  type Database,
  errorClass,
  keyOf,
  streamCalls,
} from '../../exporter/store/index.ts';
import { safeText } from '../../model/safe-text.ts';
import type { Settings } from '../../model/settings.ts';
import { openKept } from '../../recordings/kept.ts';
import type { Recording } from '../../recordings/recordings.ts';
import { SoundError } from '../../recordings/sound-error.ts';
import { Folder } from '../../storage/folder.ts';
import type { Place } from '../../storage/place.ts';
import { type CallRead, readCall } from '../../ui/server/call-detail.ts';
import { hear, proveBy, proveByKept } from '../../ui/server/heard.ts';
import { recordingsOf } from '../../ui/server/recordings.ts';
import { CommandError } from '../command.ts';
import { MOST_CALLS } from '../journal-calls.ts';
import { checkRecordings } from '../recordings.ts';

export interface Asked {
  readonly db: Database;
  readonly settings: Settings;
  /** A difference up to that is none. */
  readonly agreeing: number;
}

/** A call that was held against a recording of it. */
export interface ProvedCall {
  readonly tenant: string;
  readonly callId: string;
  /** What it was held against, as the user named it, or how many there are. */
  readonly by: string;
  readonly proof: CallProof;
  /** Seconds that the head of the file promises and that are not there. */
  readonly missingSeconds?: number;
}

/** Every call that has a recording. */
export interface ProvedCalls {
  readonly calls: readonly ProvedCall[];
  readonly differences: Differences;
  /** Calls without a recording, and those whose spans have expired. */
  readonly unrecorded: number;
  readonly expired: number;
  /** Recordings that cannot be heard, with the reason. */
  readonly unheard: readonly { readonly callId: string; readonly reason: string }[];
}

/** Holds one call against a file, or against what is kept of it. @throws CommandError */
export async function proveOne(asked: Asked, key: CallKey, audio: string | undefined): Promise<ProvedCall> {
  const call = await finishedCall(asked, key);
  const { tenant, call_id: callId } = call.metrics;
  if (call.facts.length === 0)
    throw new CommandError(
      `the spans of ${safeText(callId)} have left the journal (EARSHOT_SPAN_RETENTION): when anyone spoke is not known any more.`,
    );
  const proved = audio === undefined ? await byKept(asked, call) : await byFile(call, audio, asked.agreeing);
  const refusals = proved.proof.witnesses.filter(isRefusal);
  const [refusal] = refusals;
  if (refusal !== undefined && refusals.length === proved.proof.witnesses.length)
    throw new CommandError(`${safeText(proved.by)} ${refusalText(refusal)}.`);
  return { tenant, callId, ...proved };
}

/** Holds every call that a filter means against what is kept of it. @throws CommandError where none is. */
export async function proveAll(asked: Asked, filter: CallFilter): Promise<ProvedCalls> {
  const place = await keptPlace(asked.settings, 'Set it to their folder, or to s3://BUCKET/PREFIX.');
  const calls: ProvedCall[] = [];
  const unheard: { callId: string; reason: string }[] = [];
  let [unrecorded, expired] = [0, 0];
  for await (const page of streamCalls(asked.db, filter, { limit: MOST_CALLS }))
    for (const metrics of page) {
      const recordings = await keptOf(place, metrics);
      if (recordings.length === 0) {
        unrecorded += 1;
        continue;
      }
      const call = await finishedCall(asked, keyOf(metrics));
      if (call.facts.length === 0) {
        expired += 1;
        continue;
      }
      const { tenant, call_id: callId } = metrics;
      try {
        const proof = await proveByKept(call, place, recordings, asked.agreeing);
        const refusal = proof.witnesses.find(isRefusal);
        if (proof.turns.length > 0) calls.push({ tenant, callId, by: place.name, proof });
        else if (refusal) unheard.push({ callId, reason: `the recording ${refusalText(refusal)}` });
      } catch (error) {
        if (!(error instanceof SoundError)) throw error;
        unheard.push({ callId, reason: error.message });
      }
    }
  if (calls.length + unheard.length + expired === 0)
    throw new CommandError(
      `no call that matches has a recording in ${place.name}${unrecorded > 0 ? `: ${unrecorded} have none` : ''}.`,
    );
  const differences = differencesOf(calls.flatMap(({ proof }) => proof.turns));
  return { calls, differences, unrecorded, expired, unheard };
}

async function finishedCall({ db, settings }: Asked, key: CallKey): Promise<CallRead> {
  // Prices are for calls that go on.
  const call = await readCall(db, key, catalogue(), settings.callGap);
  if (call === undefined || call.live) throw new CommandError('the call has gone.');
  return call;
}

async function byKept(
  { settings, agreeing }: Asked,
  call: CallRead,
): Promise<Pick<ProvedCall, 'by' | 'proof'>> {
  const place = await keptPlace(settings, '--audio FILE takes one.');
  const recordings = await keptOf(place, call.metrics);
  if (recordings.length === 0)
    throw new CommandError(
      `there is no recording of ${safeText(call.metrics.call_id)} in ${place.name}. --audio FILE takes another one.`,
    );
  try {
    const proof = await proveByKept(call, place, recordings, agreeing);
    return { by: recordings.length === 1 ? 'its recording' : `its ${recordings.length} recordings`, proof };
  } catch (error) {
    if (error instanceof SoundError)
      throw new CommandError(`its recording cannot be heard: ${error.message}.`);
    throw error;
  }
}

async function byFile(
  call: CallRead,
  audio: string,
  agreeing: number,
): Promise<Omit<ProvedCall, 'tenant' | 'callId'>> {
  const file = await openFile(audio);
  try {
    const { heard, missingSeconds } = await hear(file);
    const proof = proveBy(call, [{ heard }], agreeing);
    return { by: audio, proof, ...(missingSeconds !== undefined && { missingSeconds }) };
  } catch (error) {
    if (error instanceof SoundError) throw new CommandError(`--audio: ${safeText(audio)}: ${error.message}.`);
    throw error;
  } finally {
    await file.close();
  }
}

async function openFile(audio: string) {
  try {
    const path = await realpath(audio);
    const file = (await lstat(path)).isFile()
      ? await new Folder(dirname(path)).open(basename(path))
      : undefined;
    if (file !== undefined) return file;
  } catch (cause) {
    throw new CommandError(`--audio: cannot read ${safeText(audio)} (${errorClass(cause)}).`, { cause });
  }
  throw new CommandError(`--audio: ${safeText(audio)} is no file.`);
}

/** @param instead - what to do where no setting says it, as a sentence */
async function keptPlace(settings: Settings, instead: string): Promise<Place> {
  if (settings.recordings === undefined)
    throw new CommandError(`EARSHOT_RECORDINGS does not say where recordings are. ${instead}`);
  await checkRecordings(settings);
  return (await openKept(settings.recordings)).place;
}

const keptOf = (place: Place, metrics: CallRead['metrics']): Promise<readonly Recording[]> =>
  recordingsOf(place, metrics).catch((cause: unknown) => {
    throw new CommandError(`${place.name} cannot be read (${errorClass(cause)}).`, { cause });
  });
