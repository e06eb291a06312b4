import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Micros } from '../model/facts.ts';
import { DEFAULT_TENANT } from '../model/tenant.ts';

/** Holds the id of the call, beside its recordings: names of folders do not say it. */
export const CALL_FILE = 'call.json';
/** Behind the name of a recording: its peaks, worked out once. */
export const PEAKS_SUFFIX = '.peaks';
/** The same: who speaks when in it. */
export const VOICE_SUFFIX = '.voice';

/** How recordings are kept: as a carrier sends them, or as LiveKit does (Ogg Opus). Both have the caller left, the agent right. */
export const FORMATS = ['wav', 'ogg'] as const;
export type RecordingFormat = (typeof FORMATS)[number];

const NAME = /^(\d{1,17})\.(wav|ogg)$/;

/**
 * Where the recordings of a call are, below the place where all are kept. The name is a hash of the id: what a span calls itself
 * never becomes a path. Recordings of a tenant other than the default one are below `@NAME`, which is what its agents are given.
 */
export function callPath(callId: string, tenant: string = DEFAULT_TENANT): string {
  const hash = createHash('sha256').update(callId).digest('hex').slice(0, 40);
  // So that no folder has a million entries.
  const path = `${hash.slice(0, 2)}/${hash}`;
  return tenant === DEFAULT_TENANT ? path : `@${tenant}/${path}`;
}

/** The same, in a folder of this machine. */
export const callFolder = (folder: string, callId: string, tenant?: string): string =>
  join(folder, callPath(callId, tenant));

/** What stands beside the recordings of a call. */
export const callFile = (callId: string): string => `${JSON.stringify({ call_id: callId })}\n`;

/** What a recording is called: by the instant of its first sample, as a call has a second one when its stream begins again. */
export const recordingName = (startUs: Micros, format: RecordingFormat = 'wav'): string =>
  `${startUs}.${format}`;

/** The instant of a recording's first sample, and how it is kept; undefined for the name of anything else. */
export function recordingNamed(name: string): { startUs: Micros; format: RecordingFormat } | undefined {
  const [, digits, format] = NAME.exec(name) ?? [];
  return digits === undefined ? undefined : { startUs: Number(digits), format: format as RecordingFormat };
}

/** The instant of a recording's first sample; undefined for the name of anything else. */
export const recordingStart = (name: string): Micros | undefined => recordingNamed(name)?.startUs;
