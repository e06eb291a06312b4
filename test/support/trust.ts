import { readFileSync } from 'node:fs';
import tls from 'node:tls';

/**
 * Has this process trust a simulator's certificate, as a process does that is started with `NODE_EXTRA_CA_CERTS`: for
 * SDKs that take no option for it. Node reads that variable when it starts, and the certificate is made later.
 */
export function trust(caPath: string): void {
  const ca = readFileSync(caPath, 'utf8');
  const { connect } = tls;
  const trusting = (options: tls.ConnectionOptions, ...rest: unknown[]) =>
    (connect as (...args: unknown[]) => tls.TLSSocket)({ ca, ...options }, ...rest);
  tls.connect = trusting as typeof tls.connect;
}
