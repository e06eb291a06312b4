import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback } from './loopback.ts';

/** Why a request is not from where it may come. */
export type HostRefusal = 'host' | 'origin';

/**
 * For a server on loopback without a token: keeps out what a browser sends for a page of another site. A page whose name
 * was made to resolve to 127.0.0.1 (DNS rebinding) shows its name in `Host`; a page that posts across origins shows
 * its origin in `Origin`. Programs send no `Origin`.
 * @param allowedHosts Further names under which the server may be reached, without ports.
 * @returns undefined when the request may be served.
 */
export function hostGuard(
  allowedHosts: readonly string[],
): (headers: IncomingHttpHeaders) => HostRefusal | undefined {
  const allowed = new Set(allowedHosts.map((name) => name.toLowerCase()));
  const known = (name: string | undefined) => name !== undefined && (isLoopback(name) || allowed.has(name));
  return ({ host, origin }) => {
    if (!known(nameOf(`http://${host ?? ''}`))) return 'host';
    if (origin === undefined) return undefined;
    return origin.toLowerCase() === `http://${host}`.toLowerCase() ? undefined : 'origin';
  };
}

/** The host's name without port and brackets, in small letters; undefined when it is not a URL. */
function nameOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}
