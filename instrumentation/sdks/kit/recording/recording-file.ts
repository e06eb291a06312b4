import { writeSync } from 'node:fs';
import { type FileHandle, mkdir, open, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Micros } from '../../../../model/facts.ts';
import { CALL_FILE, callFile, callFolder, recordingName } from '../../../../recordings/names.ts';
import { BYTES_PER_SAMPLE, WAV_HEADER_BYTES, wavHeader } from '../../../../recordings/wav.ts';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** A recording on disk, for as long as it grows. Its head says how long it is when it is closed; readers go by its size. */
export class RecordingFile {
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** @throws the file system's error. */
  static async create(folder: string, callId: string, startUs: Micros): Promise<RecordingFile> {
    const path = callFolder(folder, callId);
    // One by one: of Node's `recursive`, a place where none can be made (`/proc/x`) makes a loop without an end.
    for (const each of [dirname(path), path]) await mkdir(each, FOLDER_MODE).catch(unlessThere);
    await writeFile(join(path, CALL_FILE), callFile(callId), { mode: FILE_MODE });
    const handle = await open(join(path, recordingName(startUs)), 'wx', FILE_MODE);
    try {
      await handle.write(wavHeader(0), 0, WAV_HEADER_BYTES, 0);
    } catch (error) {
      await handle.close();
      throw error;
    }
    return new RecordingFile(handle);
  }

  /** Puts samples where they belong. @throws the file system's error. */
  async write(from: number, sound: Buffer): Promise<void> {
    let done = 0;
    while (done < sound.length) {
      const at = WAV_HEADER_BYTES + from * BYTES_PER_SAMPLE + done;
      done += (await this.#handle.write(sound, done, sound.length - done, at)).bytesWritten;
    }
  }

  /** The same, at once: the process is about to go. @throws the file system's error. */
  writeNow(from: number, sound: Buffer): void {
    writeSync(this.#handle.fd, sound, 0, sound.length, WAV_HEADER_BYTES + from * BYTES_PER_SAMPLE);
    writeSync(this.#handle.fd, wavHeader(from + sound.length / BYTES_PER_SAMPLE), 0, WAV_HEADER_BYTES, 0);
  }

  /** @throws the file system's error. */
  async close(samples: number): Promise<void> {
    try {
      await this.#handle.write(wavHeader(samples), 0, WAV_HEADER_BYTES, 0);
    } finally {
      await this.#handle.close();
    }
  }

  /** Leaves the file as it is. */
  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => {});
  }
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
