import type { IncomingHttpHeaders } from 'node:http';
import { HttpError } from './answer.ts';
import { hostGuard } from './host-guard.ts';
import { isLoopback } from './loopback.ts';
import { type Sender, Tokens } from './tokens.ts';

/** Where no token is asked for. */
const ANYONE: Sender = {};

export interface AdmissionOptions {
  /** Where the server listens. */
  host: string;
  /** Secret. Absent, and no `tokens` either: every sender that reaches the address is served. */
  authToken?: string | undefined;
  /** In place of `authToken`. */
  tokens?: Tokens | undefined;
  /** Names beside loopback's own by which a server on loopback without a token may be reached. (Default: none.) */
  allowedHosts?: readonly string[];
}

/**
 * Lets a request in by its head and says who sends it, or why not.
 * @throws HttpError 403 for a page of another site (loopback without a token), 401 for a missing or wrong token.
 */
export function admission({
  host,
  authToken,
  tokens = authToken === undefined ? undefined : new Tokens([{ token: authToken }]),
  allowedHosts = [],
}: AdmissionOptions): (headers: IncomingHttpHeaders) => Sender {
  const guard = tokens === undefined && isLoopback(host) ? hostGuard(allowedHosts) : () => undefined;
  return (headers) => {
    const refused = guard(headers);
    if (refused === 'host')
      throw new HttpError(
        403,
        'host: expected a loopback address, localhost or a name in EARSHOT_ALLOWED_HOSTS',
      );
    if (refused === 'origin') throw new HttpError(403, 'origin: expected none, or that of this server');
    const sender = tokens === undefined ? ANYONE : tokens.senderOf(headers.authorization);
    if (sender === undefined)
      throw new HttpError(401, 'expected authorization: Bearer TOKEN', { 'www-authenticate': 'Bearer' });
    return sender;
  };
}
