// `npm audit signatures` where the registry has signing keys: every package in node_modules is what the registry signed.
// A registry without keys, a mirror for example, cannot be asked: that is one line, and no failure.
import { spawnSync } from 'node:child_process';

const npm = (...args) => spawnSync('npm', args, { encoding: 'utf8', shell: process.platform === 'win32' });
const KEYS_TIMEOUT_MS = 10_000;

const registry = npm('config', 'get', 'registry').stdout.trim().replace(/\/?$/, '/');
const reason = await whyNot();
if (reason === undefined) {
  const { status, stdout, stderr } = npm('audit', 'signatures');
  console.log((stdout + stderr).trim());
  process.exitCode = status ?? 1;
} else console.log(`npm audit signatures: SKIPPED, ${reason}`);

/** Why this registry's signatures cannot be checked. */
async function whyNot() {
  try {
    const { ok, status } = await fetch(`${registry}-/npm/v1/keys`, {
      signal: AbortSignal.timeout(KEYS_TIMEOUT_MS),
    });
    return ok ? undefined : `the registry answers ${status} when it is asked for its keys`;
  } catch (error) {
    return `the registry cannot be asked for its keys (${error.cause?.code ?? error.name})`;
  }
}
