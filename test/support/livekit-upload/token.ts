import { createHmac } from 'node:crypto';

export const KEY = { key: 'APIkey', secret: 'a secret of an agent that is long' };

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token as LiveKit's SDKs make it; fields of `claims` and `header` replace its own. */
export function livekitToken(
  claims: Readonly<Record<string, unknown>> = {},
  { secret = KEY.secret, header = {} }: { secret?: string; header?: Readonly<Record<string, unknown>> } = {},
): string {
  const now = Math.floor(Date.now() / 1_000);
  const payload = { iss: KEY.key, nbf: now, exp: now + 6 * 3_600, observability: { write: true }, ...claims };
  const signed = `${part({ alg: 'HS256', ...header })}.${part(payload)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}
