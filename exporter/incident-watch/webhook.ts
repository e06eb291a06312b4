import { fetchErrorClass } from '../../model/fetch-error.ts';
import { VERSION } from '../../model/version.ts';
import { signedHeaders, webhookKey } from './signature.ts';

/** What an address of a webhook may be, in words. */
export const WEBHOOK_URL =
  'an address with https, or with http of this machine, without a user or a password in it';

const TIMEOUT_MS = 15_000;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** The address of a webhook; undefined for one that messages may not be sent to. */
export function webhookUrl(text: string): URL | undefined {
  if (text.length > 2_048 || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return undefined;
  if (url.protocol === 'https:') return url;
  return url.protocol === 'http:' && LOOPBACK.test(url.hostname) ? url : undefined;
}

/** What became of a message: taken, to be tried again, or refused for good. */
export type Sent = { readonly as: 'taken' } | { readonly as: 'again' | 'refused'; readonly why: string };

/** Where messages about incidents go, and what signs them. */
export class Webhook {
  readonly #url: URL;
  readonly #key: Buffer;

  /** @throws RangeError for an address or a secret that cannot be; it quotes neither. */
  constructor(url: string, secret: string) {
    const [at, key] = [webhookUrl(url), webhookKey(secret)];
    if (at === undefined || key === undefined) throw new RangeError('the address or the secret cannot be');
    this.#url = at;
    this.#key = key;
  }

  /**
   * Sends a message once. Any answer of 2xx takes it; 410 refuses it for good. A redirect is not followed: it leads where no one
   * has allowed. What is answered is not read.
   */
  async send({ id, body }: { id: string; body: string }, signal?: AbortSignal): Promise<Sent> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          'content-type': 'application/json',
          'user-agent': `earshot/${VERSION}`,
          ...signedHeaders(this.#key, id, body, Date.now()),
        },
        body,
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      });
      await response.body?.cancel().catch(() => {});
      if (response.ok) return { as: 'taken' };
      return { as: response.status === 410 ? 'refused' : 'again', why: String(response.status) };
    } catch (error) {
      return { as: 'again', why: fetchErrorClass(error) };
    }
  }
}
