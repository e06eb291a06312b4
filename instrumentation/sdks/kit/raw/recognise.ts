import type { SocketProtocol } from './protocol.ts';
import { answeringAt } from './provider-hosts.ts';

/** A protocol that was recognised by where a socket leads. */
export interface Recognised {
  readonly protocol: SocketProtocol;
  readonly url: URL;
  /** Who answers there. */
  readonly provider: string;
}

/**
 * The protocol that sockets to `address` speak: by host and path, and where a proxy stands before the provider by path
 * alone. Undefined for what is none of ours.
 */
export function recognise(address: unknown, protocols: readonly SocketProtocol[]): Recognised | undefined {
  if (typeof address !== 'string' || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  const answering = answeringAt(url);
  const provider = answering?.provider;
  for (const protocol of protocols) {
    if (!protocol.path.test(url.pathname)) continue;
    const byPath = answering !== undefined && provider === undefined && !protocol.onlyThere;
    if (protocol.anywhere || byPath || isOf(protocol, provider))
      return { protocol, url, provider: isOf(protocol, provider) ? provider : protocol.providers[0] };
  }
  return undefined;
}

const isOf = (protocol: SocketProtocol, provider: string | undefined): provider is string =>
  provider !== undefined && protocol.providers.some((name) => name === provider);
