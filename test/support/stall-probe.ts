// Loaded into an agent with --import: leaves the agent's stalls in the file that STALLS_FILE names.
import { writeFileSync } from 'node:fs';
import { watchStalls } from './stalls.ts';

const stalls = watchStalls();
process.once('exit', () => {
  const { STALLS_FILE } = process.env;
  if (STALLS_FILE) writeFileSync(STALLS_FILE, JSON.stringify(stalls));
});
