// Draws which room imports which, as Mermaid, into docs/architecture.md. Fails when rooms import one another in a circle.
// `--check` fails when the page is out of date. Needs a build.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const { circles, roomImports } = await import(new URL('../dist/test/support/imports.js', import.meta.url));

const page = fileURLToPath(new URL('../docs/architecture.md', import.meta.url));
const PART = /(<!-- graph -->\n)[\s\S]*?(<!-- \/graph -->)/;
/** Not part of what runs at a user's. */
const LEFT_OUT = new Set(['bench', 'test']);

const edges = roomImports().filter(({ from, to }) => !LEFT_OUT.has(from) && !LEFT_OUT.has(to));
const found = circles(edges);
for (const circle of found) console.error(`These rooms import one another: ${circle.join(', ')}`);
if (found.length > 0) process.exit(1);

/** Each room with those that it imports. */
const graph = new Map(edges.flatMap(({ from, to }) => [from, to]).map((room) => [room, new Set()]));
for (const { from, to } of edges) graph.get(from).add(to);

/** How far above the ground floor a room is: one above the highest that it imports. */
const floors = new Map();
function floorOf(room) {
  if (!floors.has(room)) floors.set(room, Math.max(-1, ...[...graph.get(room)].map(floorOf)) + 1);
  return floors.get(room);
}
const reaches = (from, to) => from === to || [...graph.get(from)].some((step) => reaches(step, to));
/** An arrow that a longer way says too is left out: the picture stays readable and says the same. */
const needed = (from, to) => ![...graph.get(from)].some((step) => step !== to && reaches(step, to));
const rooms = [...graph.keys()].sort((a, b) => floorOf(b) - floorOf(a) || a.localeCompare(b));

const id = (room) => room.replaceAll(/[^a-zA-Z]/g, '_');
const lines = [
  '```mermaid',
  'flowchart TD',
  ...rooms.map((room) => `  ${id(room)}["${room}"]`),
  ...rooms.flatMap((room) =>
    [...graph.get(room)]
      .filter((to) => needed(room, to))
      .sort()
      .map((to) => `  ${id(room)} --> ${id(to)}`),
  ),
  '```',
  '',
];
const written = readFileSync(page, 'utf8');
const expected = written.replace(PART, (_, before, after) => `${before}${lines.join('\n')}${after}`);
if (expected !== written) {
  if (process.argv.includes('--check')) {
    console.error('docs/architecture.md is out of date: run npm run graph');
    process.exit(1);
  }
  writeFileSync(page, expected);
}
