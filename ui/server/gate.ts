import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpError } from '../../exporter/receiver/door/answer.ts';
import { hostGuard } from '../../exporter/receiver/door/host-guard.ts';
import { isLoopback } from '../../exporter/receiver/door/loopback.ts';
import { redirect } from './answer.ts';
import { Attempts } from './attempts.ts';
import { closedSession, Sessions } from './sessions.ts';

export interface GateOptions {
  /** Where the server listens. */
  host: string;
  /** Secret. Absent: everyone that reaches the address sees the page. */
  authToken?: string | undefined;
  /** Names beside loopback's own by which a server on loopback without a token may be reached. (Default: none.) */
  allowedHosts?: readonly string[];
}

/** A log-in form is a token and its name. */
const MOST_BODY_BYTES = 4_096;

/** Who may see the page. */
export class Gate {
  readonly #sessions: Sessions | undefined;
  readonly #guard: ReturnType<typeof hostGuard>;
  readonly #attempts = new Attempts();

  constructor({ host, authToken, allowedHosts = [] }: GateOptions) {
    this.#sessions = authToken === undefined ? undefined : new Sessions(authToken);
    this.#guard = authToken === undefined && isLoopback(host) ? hostGuard(allowedHosts) : () => undefined;
  }

  /** Whether a token is asked for. */
  get isLocked(): boolean {
    return this.#sessions !== undefined;
  }

  /** @throws HttpError 403 for a page of another site (loopback without a token). */
  checkOrigin({ headers }: IncomingMessage): void {
    const refused = this.#guard(headers);
    if (refused !== undefined) throw new HttpError(403, `${refused}: expected that of this server`);
  }

  /**
   * Whether a request shows the token, or the session of a browser that did.
   * @throws HttpError 429 for a token from where too many wrong ones came.
   */
  mayPass({ headers, socket }: IncomingMessage): boolean {
    if (this.#sessions === undefined || this.#sessions.isOpen(headers.cookie)) return true;
    const [, token] = /^bearer +(\S.*)$/is.exec(headers.authorization ?? '') ?? [];
    return token !== undefined && this.#isRight(token, socket.remoteAddress);
  }

  /** `POST /login` with `token` in a form. */
  async logIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    checkSameSite(request);
    const { remoteAddress } = request.socket;
    this.#checkAttempts(remoteAddress);
    const token = new URLSearchParams(await smallBody(request)).get('token') ?? '';
    if (this.#sessions === undefined || !this.#isRight(token, remoteAddress))
      return redirect(response, '/login?wrong');
    redirect(response, '/', { 'set-cookie': this.#sessions.open(isSecure(request)) });
  }

  /** Whether it is the token; a wrong one is counted. @throws HttpError 429 */
  #isRight(token: string, address = ''): boolean {
    this.#checkAttempts(address);
    if (this.#sessions?.isToken(token) === true) return true;
    this.#attempts.failed(address);
    return false;
  }

  /** @throws HttpError 429 */
  #checkAttempts(address = ''): void {
    const seconds = this.#attempts.waitSeconds(address);
    if (seconds > 0)
      throw new HttpError(429, `too many wrong tokens: wait ${seconds} s`, {
        'retry-after': String(seconds),
      });
  }

  /** `POST /logout` */
  logOut(request: IncomingMessage, response: ServerResponse): void {
    checkSameSite(request);
    redirect(response, '/login', { 'set-cookie': closedSession(isSecure(request)) });
  }
}

/** A form of another site must not log a browser in or out. */
function checkSameSite({ headers: { origin, host } }: IncomingMessage): void {
  if (origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)) return;
  throw new HttpError(403, 'origin: expected that of this server');
}

const isSecure = ({ headers }: IncomingMessage) => headers['x-forwarded-proto'] === 'https';

async function smallBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BODY_BYTES) throw new HttpError(413, 'the form is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
