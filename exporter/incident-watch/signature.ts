import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';
const [LEAST_BYTES, MOST_BYTES] = [24, 64];

/** What a secret of webhooks has to be, in words. */
export const WEBHOOK_SECRET = `${PREFIX} and ${LEAST_BYTES} to ${MOST_BYTES} bytes in base64`;

/** The key that a secret means, as Standard Webhooks writes it; undefined for what is none. */
export function webhookKey(secret: string): Buffer | undefined {
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
  if (!/^[A-Za-z0-9+/]{32,88}={0,2}$/.test(text)) return undefined;
  const key = Buffer.from(text, 'base64');
  return key.length >= LEAST_BYTES && key.length <= MOST_BYTES ? key : undefined;
}

/**
 * The headers that sign a message, as Standard Webhooks 1.0 has them.
 *
 * @param id - of the message: the same each time it is tried
 */
export function signedHeaders(key: Buffer, id: string, body: string, nowMs: number): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1_000));
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
