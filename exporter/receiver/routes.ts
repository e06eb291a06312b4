import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { HttpError } from './door/answer.ts';
import type { Sender } from './door/tokens.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse, sender: Sender) => Promise<void>;

export interface Route {
  readonly methods: readonly string[];
  readonly handle: Handler;
  /** Answered without the token and while every connection is busy: it says nothing and costs nothing. */
  readonly open?: boolean;
  /** Who asks for it, by the head of the request, in place of the token of all other routes. @throws HttpError */
  readonly admit?: (headers: IncomingHttpHeaders) => Sender;
  /** Shows by its signature and not by a token who sends it: the handler looks. */
  readonly isSigned?: boolean;
}

/** What a server has, by path. */
export type Routes = Readonly<Record<string, Route>>;

/** What else is served at the same address. */
export interface Guest {
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Ends what would go on by itself. */
  close(): void;
}

/** @throws HttpError 404, 405 */
export function allowed(route: Route | undefined, method: string): Route {
  if (route === undefined) throw new HttpError(404, 'there is nothing here; traces go to /v1/traces');
  if (route.methods.includes(method)) return route;
  throw new HttpError(405, `expected ${route.methods.join(' or ')}`, { allow: route.methods.join(', ') });
}
