import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BOARDS, toJson } from './boards/index.ts';

/** Writes the dashboards as JSON to `grafana/dashboards`, or to the folder that is given. */
const folder = process.argv[2] ?? fileURLToPath(new URL('../../grafana/dashboards', import.meta.url));
mkdirSync(folder, { recursive: true });
for (const board of BOARDS) writeFileSync(join(folder, `${board.uid}.json`), toJson(board));
