import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpError } from '../../exporter/receiver/door/answer.ts';
import { errorClass } from '../../exporter/store/index.ts';
import type { ErrorAnswer } from '../shared/api.ts';
import { redirect, sendJson } from './answer.ts';
import { Api, type ApiOptions } from './api.ts';
import { Assets } from './assets.ts';
import { Gate, type GateOptions } from './gate.ts';

export interface PageOptions extends Omit<ApiOptions, 'authenticated'>, GateOptions {
  /** Called with the class of an error that no request made: the database is away, or this program is wrong. */
  onError(errorClass: string): void;
}

/**
 * The page and its API, for any HTTP server: `earshot ui` has one of its own, `earshot serve` mounts it beside what it
 * receives. It writes nothing anywhere.
 */
export class Page {
  readonly #gate: Gate;
  readonly #api: Api;
  readonly #assets: Assets;
  readonly #onError: PageOptions['onError'];

  /** @throws PageNotBuiltError */
  constructor(options: PageOptions) {
    this.#gate = new Gate(options);
    this.#api = new Api({ ...options, authenticated: this.#gate.isLocked });
    this.#assets = new Assets();
    this.#onError = options.onError;
  }

  /** Ends what would go on by itself: the streams of browsers that look. */
  close(): void {
    this.#api.live.close();
  }

  /** Answers a request. Never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#answer(request, response, new URL(request.url ?? '/', 'http://page'));
    } catch (error) {
      if (response.headersSent) {
        response.destroy();
        return;
      }
      const { status, message, headers } = error instanceof HttpError ? error : this.#failure(error);
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      await sendJson(request, response, status, { error: message } satisfies ErrorAnswer);
      // What is left of a body is not read.
      if (!request.complete) request.destroy();
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    this.#gate.checkOrigin(request);
    const { method = '' } = request;
    const path = url.pathname;
    if (method === 'POST' && path === '/login') return this.#gate.logIn(request, response);
    if (method === 'POST' && path === '/logout') return this.#gate.logOut(request, response);
    if (method !== 'GET' && method !== 'HEAD')
      throw new HttpError(405, 'expected GET', { allow: 'GET, HEAD' });
    // The form and what it looks like, for who has shown nothing yet.
    if (path === '/login' && (await this.#assets.send(request, response, '/login.html'))) return;
    if (path.startsWith('/assets/') || path === '/icon.svg') {
      if (await this.#assets.send(request, response, path)) return;
    } else if (!this.#gate.mayPass(request)) {
      if (path.startsWith('/api/'))
        throw new HttpError(401, 'expected authorization: Bearer TOKEN, or a session', {
          'www-authenticate': 'Bearer',
        });
      return redirect(response, '/login');
    } else if (path.startsWith('/api/')) return this.#api.answer(request, response, url);
    else {
      if (method === 'GET') this.#api.expect(url);
      if (await this.#assets.send(request, response, path, url.searchParams)) return;
    }
    throw new HttpError(404, 'there is nothing here');
  }

  #failure(error: unknown): HttpError {
    const name = errorClass(error);
    this.#onError(name);
    // 57014: the statement took too long.
    if (name === '57014')
      return new HttpError(
        504,
        'that took the database too long: choose a shorter time or fewer filters. Over many calls all is slow until rollups are computed: docs/operations.md#rollups',
      );
    return new HttpError(503, `the database did not answer (${name})`, { 'retry-after': '2' });
  }
}
