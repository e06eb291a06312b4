import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** How long a browser stays logged in, in seconds. */
const SESSION_SECONDS = 12 * 3_600;
const COOKIE = 'earshot_session';

const digest = (text: string) => createHash('sha256').update(text).digest();
const same = (a: string, b: string) => timingSafeEqual(digest(a), digest(b));

/**
 * Sessions of browsers that showed the token once. A session is its own proof (a signature by the token over its end), so
 * any number of servers with one token know it, and another token ends them all.
 */
export class Sessions {
  readonly #token: string;
  readonly #nowMs: () => number;

  constructor(token: string, nowMs: () => number = Date.now) {
    this.#token = token;
    this.#nowMs = nowMs;
  }

  /** Whether it is the token; takes the same time however much of it is right. */
  isToken(given: string): boolean {
    return same(given, this.#token);
  }

  /** A value for `set-cookie`. `secure`: the browser came by HTTPS. */
  open(secure: boolean): string {
    const ends = Math.floor(this.#nowMs() / 1_000) + SESSION_SECONDS;
    const body = `${ends}.${randomBytes(12).toString('base64url')}`;
    return cookie(`${body}.${this.#sign(body)}`, SESSION_SECONDS, secure);
  }

  /** Whether a `cookie` header holds a session that has not ended. */
  isOpen(header: string | undefined): boolean {
    const value = (header ?? '')
      .split(';')
      .map((part) => part.trim().split('='))
      .find(([name]) => name === COOKIE)?.[1];
    const [ends, nonce, signature] = value?.split('.') ?? [];
    if (ends === undefined || nonce === undefined || signature === undefined) return false;
    return same(signature, this.#sign(`${ends}.${nonce}`)) && Number(ends) * 1_000 > this.#nowMs();
  }

  #sign(body: string): string {
    return createHmac('sha256', this.#token).update(`earshot page ${body}`).digest('base64url');
  }
}

/** A value for `set-cookie` that ends a session. */
export const closedSession = (secure: boolean): string => cookie('', 0, secure);

const cookie = (value: string, seconds: number, secure: boolean) =>
  `${COOKIE}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
