import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CALL_FILE, callFolder, recordingName } from '../../../recordings/names.ts';
import { SAMPLE_RATE, wavHeader } from '../../../recordings/wav.ts';

export interface Written {
  folder: string;
  callId: string;
  startUs: number;
  tenant?: string;
  seconds?: number;
}

/** A recording in which the caller is loud in each even second and the agent in each odd one. Gives its path and bytes. */
export async function writeRecording({ folder, callId, startUs, tenant, seconds = 4 }: Written) {
  const samples = seconds * SAMPLE_RATE;
  const sound = Buffer.alloc(samples * 2, 0xff);
  for (let sample = 0; sample < samples; sample++)
    sound[sample * 2 + (Math.floor(sample / SAMPLE_RATE) % 2)] = sample % 2 === 0 ? 0x80 : 0x00;
  const bytes = Buffer.concat([wavHeader(samples), sound]);
  const into = callFolder(folder, callId, tenant);
  const path = join(into, recordingName(startUs));
  await mkdir(into, { recursive: true });
  await writeFile(join(into, CALL_FILE), JSON.stringify({ call_id: callId }));
  await writeFile(path, bytes);
  return { path, bytes, into };
}
