import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { poll } from './poll.ts';
import { freePorts } from './stack/free-ports.ts';

/** A Python that has moto, which is a store of S3 that others have written. */
const PYTHON = process.env.EARSHOT_TEST_MOTO_PYTHON;
export const withoutMoto: string | false =
  PYTHON === undefined &&
  "EARSHOT_TEST_MOTO_PYTHON names no Python with moto: python3 -m venv V && V/bin/pip install 'moto[server]'";

/** Starts moto with one bucket. Gives what a process needs in its environment to find it. */
export async function startMoto(t: TestContext, bucket: string): Promise<Record<string, string>> {
  const [port = 0] = await freePorts(1);
  const server = spawn(PYTHON ?? '', ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
  });
  t.after(async () => {
    server.kill('SIGKILL');
    if (server.exitCode === null) await once(server, 'exit');
  });
  const url = `http://127.0.0.1:${port}`;
  await poll(async () => (await fetch(`${url}/${bucket}`, { method: 'PUT' })).ok, {
    intervalMs: 100,
    what: 'moto answers',
  });
  return {
    AWS_ENDPOINT_URL_S3: url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test of a secret',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}
