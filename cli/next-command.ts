import { readSettings } from '../model/settings.ts';
import type { CommandDatabase } from './database.ts';

/** What to type to look at what was just written: as it was typed now, and of the database that it went to. */
export function nextCommand({ embedded }: CommandDatabase, command: 'report' | 'ui'): string {
  const npx = process.env.npm_command === 'exec' ? 'npx ' : '';
  const other = embedded && readSettings({ warn: () => {} }).databaseUrl !== undefined;
  return `${other ? 'EARSHOT_DATABASE_URL=none ' : ''}${npx}earshot ${command}`;
}
