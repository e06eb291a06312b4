// Lets the processes below one stand still at random, each by itself, as those of a starved machine do. For Linux.
import { readdirSync, readFileSync } from 'node:fs';

const TICK_MS = 50;
/** How much of the time a process stands still. */
const SHARE = 0.25;
/** Tests stop these themselves, and would find them going on. */
const LEFT_ALONE = /^postgres/;

/**
 * @param root The id of a process whose descendants stand still from now on, for as long as this process lives.
 * @param mostMs For how long at most at a time.
 * @returns What ends it.
 */
export function letStandStill(root, mostMs) {
  const until = new Map();
  const goOn = (pid) => {
    until.delete(pid);
    signal(pid, 'SIGCONT');
  };
  // A process that goes on stops within a tick with this probability: its stops last half of `mostMs` on average.
  const probability = ((TICK_MS / (mostMs / 2)) * SHARE) / (1 - SHARE);
  const timer = setInterval(() => {
    const now = performance.now();
    for (const [pid, end] of until) if (now >= end) goOn(pid);
    for (const pid of descendants(root))
      if (!until.has(pid) && Math.random() < probability && signal(pid, 'SIGSTOP'))
        until.set(pid, now + Math.random() * mostMs);
  }, TICK_MS);
  const end = () => {
    clearInterval(timer);
    for (const pid of until.keys()) goOn(pid);
  };
  process.once('exit', end);
  return () => {
    process.off('exit', end);
    end();
  };
}

function signal(pid, name) {
  try {
    return process.kill(pid, name);
  } catch {
    return false; // It has ended.
  }
}

function descendants(root) {
  const children = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const [, command, parent] = statOf(name) ?? [];
    if (command === undefined || LEFT_ALONE.test(command)) continue;
    children.set(parent, [...(children.get(parent) ?? []), name]);
  }
  const below = (pid) => (children.get(pid) ?? []).flatMap((child) => [Number(child), ...below(child)]);
  return below(String(root));
}

/** `pid (command) state parent ...`: see proc(5). */
function statOf(pid) {
  try {
    return /^\d+ \((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return null; // It has ended.
  }
}
