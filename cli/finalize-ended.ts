import { safeText } from '../model/safe-text.ts';
import type { Settings } from '../model/settings.ts';
import type { Io } from './command.ts';
import type { CommandDatabase } from './database.ts';

/** In the embedded database the agent that would turn ended calls into rows may be gone, and no other process looks. */
export async function finalizeEnded(
  { embedded, db }: CommandDatabase,
  settings: Settings,
  io: Io,
): Promise<void> {
  if (!embedded) return;
  // What finalizes takes long to load.
  const { finalizeEndedCalls } = await import('./finalize.ts');
  await finalizeEndedCalls(db, settings, (message) => io.err(`earshot: ${safeText(message)}`));
}
