import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fact } from '../../../model/facts.ts';
import { isPlausible } from '../../../model/plausible.ts';
import { ReportError } from '../../platforms/index.ts';
import { HttpError } from '../door/answer.ts';
import { type BodyLimits, overloaded, readBody, statedLength } from '../door/body.ts';
import type { ByteBudget } from '../door/budget.ts';
import { acceptBody, send } from '../door/exchange.ts';
import type { Routes } from '../routes.ts';
import { type Webhook, type WebhookSettings, webhooksOf } from './hooks.ts';

/** A report of a call of hours, with every word in it, is some megabytes long. */
const MAX_BODY_BYTES = 8 << 20;

export interface WebhooksOptions extends BodyLimits {
  readonly settings: WebhookSettings;
  readonly budget: ByteBudget;
  /** Resolves when the facts are committed. @throws HttpError 503 */
  commit(facts: readonly Fact[]): Promise<void>;
}

/** The routes that hosted platforms post to. No token is asked for: each request is signed by the platform. */
export const webhookRoutes = (options: WebhooksOptions): Routes =>
  Object.fromEntries(
    webhooksOf(options.settings).map((webhook) => [
      `/webhooks/${webhook.name}`,
      {
        methods: ['POST'],
        isSigned: true,
        handle: (request: IncomingMessage, response: ServerResponse) =>
          answer(webhook, options, request, response),
      },
    ]),
  );

async function answer(
  webhook: Webhook,
  options: WebhooksOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { secret, variable, verify } = webhook;
  if (secret === undefined) throw new HttpError(404, `this webhook is off: set ${variable} to switch it on`);
  if (request.headers['content-encoding'] !== undefined)
    throw new HttpError(
      415,
      'content-encoding: expected none, as the signature is of the bytes that are sent',
    );
  const limits = { ...options, maxBodyBytes: Math.min(options.maxBodyBytes, MAX_BODY_BYTES) };
  const stated = statedLength(request, limits);
  const share = options.budget.open(stated ?? 0);
  if (share === undefined) throw overloaded();
  try {
    acceptBody(request, response);
    const body = await readBody(request, share, stated, limits);
    const nowMs = Date.now();
    const urls = addressesOf(request, options.settings.webhookUrl);
    const refusal = verify({ headers: request.headers, body, urls, nowMs }, secret);
    if (refusal !== undefined) throw new HttpError(401, refusal);
    const facts = factsIn(webhook, body, nowMs);
    if (facts.length > 0) await options.commit(facts);
    send(response, 200, 'application/json', Buffer.from('{}'));
  } finally {
    share.close();
  }
}

function factsIn(webhook: Webhook, body: Buffer, nowMs: number): Fact[] {
  try {
    const facts = webhook.read(body, Math.round(nowMs * 1_000));
    if (facts.every(isPlausible)) return facts;
    throw new ReportError('an instant or a figure is implausible: of another unit, or of another century');
  } catch (error) {
    if (error instanceof ReportError) throw new HttpError(400, error.message);
    throw error;
  }
}

/** Where the sender may have sent it: a proxy before us has changed the name. */
function addressesOf({ headers, url = '' }: IncomingMessage, publicUrl: string | undefined): string[] {
  if (publicUrl !== undefined) return [publicUrl.replace(/\/$/, '') + url];
  const host = headers.host ?? '';
  return [`https://${host}${url}`, `http://${host}${url}`];
}
