import { makeRoom } from '../kit/make-room.ts';
import { at, type Foreign, text } from '../kit/patch.ts';
import type { GeminiConnection } from './live-connection.ts';

/** Handles that may still come back; beyond it the oldest is forgotten. */
const MAX_HANDLES = 1_024;

/** Sessions that can be resumed, by the handle that the server has given out for it. */
const resumable = new Map<string, GeminiConnection>();

/** The session that a handle resumes, which goes on where it was; undefined: it is new. */
export function resumed(value: unknown): GeminiConnection | undefined {
  const handle = text(value);
  return handle === undefined ? undefined : resumable.get(handle);
}

/** The server says by which handle the session can be resumed on another connection; the last one counts. */
export function remember(connection: GeminiConnection, message: Foreign): void {
  const handle = text(at(message, 'sessionResumptionUpdate', 'newHandle'));
  if (handle === undefined) return;
  if (connection.handle !== undefined) resumable.delete(connection.handle);
  makeRoom(resumable, MAX_HANDLES);
  resumable.set(handle, connection);
  connection.handle = handle;
}
