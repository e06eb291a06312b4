import { accessSync, constants, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { diag, metrics } from '@opentelemetry/api';
import type { Micros } from '../../../../model/facts.ts';
import { ATTR, METRICS } from '../../../../model/semconv.ts';
import { SCOPE, VERSION } from '../../../../model/version.ts';
import { callPath, recordingName } from '../../../../recordings/names.ts';
import { nowMs } from '../../../call/clock.ts';
import { beforeProcessEnds } from '../../../call/process-end.ts';
import { type LossReason, Recorder, type RecorderOptions } from './recorder.ts';
import { RecordingFile } from './recording-file.ts';

/** Of each recording. */
const WORK_EVERY_MS = 1_000;
/** They take turns: a process with hundreds of calls must not stand still for all of them at once. */
const TICK_MS = 50;
/** Sound that waits, of all calls. */
const MAX_WAITING_BYTES = 64 << 20;

let folder: string | undefined;
let onWritten: () => void = () => {};
/** What is being written, by its path below the folder. */
const open = new Set<string>();
/** When each has work again, the next one first. */
const recorders = new Map<Recorder, number>();
const lost = new Map<LossReason, number>();
let waitingBytes = 0;
let timer: NodeJS.Timeout | undefined;
/** It was said, and no recording was whole since. */
let isTroubled = false;
let isSavedAtEnd = false;

/**
 * Where calls are recorded; `register` sets it from `EARSHOT_RECORDINGS`. (Default: nowhere.)
 * @param written - called when nothing more is written of a recording.
 */
export function setRecordings(path: string | undefined, written: () => void = () => {}): void {
  folder = undefined;
  onWritten = written;
  if (path === undefined) return;
  try {
    makeFolder(path);
    accessSync(path, constants.W_OK | constants.X_OK);
    // The application may go to another folder.
    folder = resolve(path);
  } catch (error) {
    diag.error(`earshot: EARSHOT_RECORDINGS cannot be used (${codeOf(error)}): nothing is recorded.`);
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** Records a call from now on, where calls are recorded. Never throws. */
export function startRecording(
  callId: string,
  startUs: Micros,
  read: RecorderOptions['read'],
): Recorder | undefined {
  const into = folder;
  if (into === undefined) return undefined;
  const name = `${callPath(callId)}/${recordingName(startUs)}`;
  open.add(name);
  const recorder = new Recorder({
    startUs,
    open: () => RecordingFile.create(into, callId, startUs),
    read,
    reserve,
    onLost: (seconds, reason) => void lost.set(reason, (lost.get(reason) ?? 0) + seconds),
    onFailed: (error) => trouble(`cannot be written (${codeOf(error)}): calls go on, and are not recorded`),
    onDone: (whole) => {
      recorders.delete(recorder);
      open.delete(name);
      if (whole) isTroubled = false;
      onWritten();
    },
  });
  recorders.set(recorder, performance.now() + WORK_EVERY_MS);
  timer ??= setInterval(work, TICK_MS).unref();
  if (!isSavedAtEnd) beforeProcessEnds(saveAll);
  isSavedAtEnd = true;
  return recorder;
}

/** Whether a recording, by its path below the folder, is still being written. */
export const isBeingWritten = (path: string): boolean => open.has(path);

function reserve(bytes: number): boolean {
  if (bytes > 0 && waitingBytes + bytes > MAX_WAITING_BYTES) return false;
  waitingBytes += bytes;
  return true;
}

function work(): void {
  const now = performance.now();
  let turns = Math.ceil((recorders.size * TICK_MS) / WORK_EVERY_MS);
  for (const [recorder, dueMs] of recorders) {
    if (dueMs > now || turns-- === 0) break;
    recorders.delete(recorder);
    recorders.set(recorder, now + WORK_EVERY_MS);
    void recorder.work(nowMs());
  }
  report();
  if (recorders.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}

function saveAll(): void {
  const now = nowMs();
  for (const recorder of [...recorders.keys()]) recorder.saveNow(now);
  report();
}

function report(): void {
  if (lost.size === 0) return;
  const { name, brief, unit } = METRICS.recordingLost;
  const counter = metrics.getMeter(SCOPE, VERSION).createCounter(name, { description: brief, unit });
  for (const [reason, seconds] of lost) counter.add(seconds, { [ATTR.dropReason]: reason });
  if (lost.has('buffer_full')) trouble('takes longer to write than calls take: sound is lost');
  lost.clear();
}

/** One line for each time that it begins. */
function trouble(what: string): void {
  if (!isTroubled) diag.warn(`earshot: EARSHOT_RECORDINGS ${what}.`);
  isTroubled = true;
}

const codeOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException | undefined)?.code ?? (error as Error | undefined)?.name ?? 'unknown';
