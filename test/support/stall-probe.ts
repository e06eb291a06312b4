// Loaded into an agent with --import: adds the agent's stalls, as one line, to the file that STALLS_FILE names.
import { appendFileSync } from 'node:fs';
import { watchStalls } from './stalls.ts';

const stalls = watchStalls();
process.once('exit', () => {
  const { STALLS_FILE } = process.env;
  if (STALLS_FILE) appendFileSync(STALLS_FILE, `${JSON.stringify(stalls)}\n`);
});
