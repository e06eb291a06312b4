// Draws the grid of every dashboard as a page of titled boxes, to see order, sizes and overlaps without Grafana.
// `node scripts/dashboard-layout.mjs [FOLDER]` writes FOLDER/UID.html (default: a folder `layout` in the system's
// temporary folder).
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const dashboards = fileURLToPath(new URL('../grafana/dashboards/', import.meta.url));
const folder = process.argv[2] ?? join(tmpdir(), 'layout');
/** As Grafana's own grid. */
const WIDTH = 1_600;
const CELL = { width: WIDTH / 24, height: 38 };

const escaped = (text) => String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function box({ gridPos: { x, y, w, h }, type, id, title, description = '', targets = [], fieldConfig }) {
  const place = `left:${x * CELL.width}px;top:${y * CELL.height}px;width:${w * CELL.width - 8}px;height:${h * CELL.height - 8}px`;
  if (type === 'row') return `<h2 style="${place}">${escaped(title)}</h2>`;
  const { unit, noValue } = fieldConfig.defaults;
  const sources = [...new Set(targets.map(({ datasource }) => datasource.type))].join(', ');
  return `<section style="${place}"><b>${escaped(title)}</b> <i>${id} ${type} ${escaped(unit)} (${sources})</i>
    <p>${escaped(description)}</p><p><i>${escaped(noValue)}</i></p></section>`;
}

mkdirSync(folder, { recursive: true });
for (const file of readdirSync(dashboards)) {
  const { title, panels, templating } = JSON.parse(readFileSync(join(dashboards, file), 'utf8'));
  const height = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h)) * CELL.height;
  const variables = templating.list.filter(({ hide }) => hide !== 2).map(({ label }) => `[${label}]`);
  const page = `<!doctype html><meta charset="utf-8"><title>${escaped(title)}</title><style>
    body { font: 12px sans-serif; margin: 8px; width: ${WIDTH}px }
    main { position: relative; height: ${height}px }
    section, h2 { position: absolute; overflow: hidden; box-sizing: border-box; margin: 0 }
    section { border: 1px solid #888; padding: 6px; background: #4682b418 }
    i { color: #666 } p { margin: 4px 0 }</style>
    <h1>${escaped(title)}</h1><p>${escaped(variables.join(' '))}</p><main>${panels.map(box).join('\n')}</main>`;
  writeFileSync(join(folder, file.replace('.json', '.html')), page);
}
console.log(folder);
