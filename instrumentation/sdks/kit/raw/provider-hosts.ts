import { providerAt } from '../../../../model/providers.ts';
import type { ProviderHost } from '../../../../model/settings.ts';

let proxies: readonly ProviderHost[] = [];

/** Hosts that stand before providers: the setting `EARSHOT_PROVIDER_HOSTS`. */
export const setProviderHosts = (hosts: readonly ProviderHost[]): void => {
  proxies = hosts;
};

/** Who answers at an address. */
export interface Answering {
  /** Absent: a proxy before several. */
  readonly provider: string | undefined;
}

const SECURE = /^(?:https|wss):$/;

/** Who answers at `url`; undefined for a host that is no provider's. */
export function answeringAt(url: URL): Answering | undefined {
  const withPort = `${url.hostname}:${url.port || (SECURE.test(url.protocol) ? '443' : '80')}`;
  const proxy =
    proxies.find(({ host }) => host === withPort) ?? proxies.find(({ host }) => host === url.hostname);
  if (proxy) return { provider: proxy.provider };
  const provider = providerAt(url.href);
  return provider === undefined ? undefined : { provider };
}
