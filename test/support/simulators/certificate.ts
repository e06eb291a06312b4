import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A self-signed certificate for 127.0.0.1 and localhost. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
  /** File with the certificate, for `NODE_EXTRA_CA_CERTS` (which Node reads at process start only). */
  readonly caPath: string;
  /** Removes the files. */
  remove(): Promise<void>;
}

/**
 * Makes a certificate with the `openssl` command.
 *
 * @throws Error when there is no `openssl`.
 */
export async function makeCertificate(): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-ca-'));
  const [keyPath, caPath] = [join(folder, 'key.pem'), join(folder, 'ca.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  const files = ['-keyout', keyPath, '-out', caPath];
  await promisify(execFile)('openssl', [
    'req',
    '-x509',
    ...curve,
    '-nodes',
    '-days',
    '2',
    ...names,
    ...files,
  ]);
  return {
    key: await readFile(keyPath, 'utf8'),
    cert: await readFile(caPath, 'utf8'),
    caPath,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
