import { readdirSync } from 'node:fs';
import { findPrivate } from '../../exporter/spool/private-folder.ts';
import { isSpoolFile } from '../../exporter/spool/spool-files.ts';
import { spoolFolders } from '../../exporter/spool/spool-folder.ts';
import type { Settings } from '../../model/settings.ts';
import type { Finding } from './finding.ts';

/** The folder where spans wait while the database is away. */
export function spoolFinding(settings: Settings): Finding {
  const name = 'spool';
  const [folder] = spoolFolders(settings);
  if (folder === undefined) return { name, status: 'ok', text: 'none' };
  try {
    const path = findPrivate(folder);
    const waiting = path === undefined ? 0 : readdirSync(path).filter(isSpoolFile).length;
    if (waiting === 0) return { name, status: 'ok', text: `nothing waits in ${folder.path}` };
    return {
      name,
      status: 'warn',
      text: `${waiting} ${waiting === 1 ? 'file' : 'files'} of spans in ${folder.path}`,
      cure: 'The next agent, or earshot serve, with the same database writes them.',
    };
  } catch (error) {
    const cure = error instanceof Error ? error.message : String(error);
    return { name, status: 'warn', text: `${folder.path} cannot be used`, cure };
  }
}
