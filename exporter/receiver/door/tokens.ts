import { createHash, timingSafeEqual } from 'node:crypto';

/** Who sends a request, as far as its token says. */
export interface Sender {
  /** What the token is called, for logs and metrics. */
  readonly name?: string;
  /** Absent: the token is bound to none, and what it sends is of the default tenant. */
  readonly tenant?: string;
}

/** A token and whose it is. */
export interface KnownToken extends Sender {
  /** Secret. */
  readonly token: string;
}

const digest = (text: string) => createHash('sha256').update(text).digest();

/** The tokens that open the door. They can be replaced while it is open; the next request is asked for one of the new. */
export class Tokens {
  #known: readonly { readonly digest: Buffer; readonly sender: Sender }[] = [];

  constructor(tokens: readonly KnownToken[]) {
    this.replace(tokens);
  }

  replace(tokens: readonly KnownToken[]): void {
    this.#known = tokens.map(({ token, ...sender }) => ({ digest: digest(token), sender }));
  }

  /**
   * Whose token a request shows as `authorization: Bearer TOKEN`; undefined when it shows none of ours. Takes the same time
   * however much of a wrong token is right, and whichever it is.
   */
  senderOf(authorization: string | undefined): Sender | undefined {
    const [, given] = /^bearer +(\S.*)$/is.exec(authorization ?? '') ?? [];
    if (given === undefined) return undefined;
    const shown = digest(given);
    let found: Sender | undefined;
    for (const { digest: known, sender } of this.#known) if (timingSafeEqual(shown, known)) found = sender;
    return found;
  }
}
