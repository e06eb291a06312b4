import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** A request as it came. */
export interface SignedRequest {
  readonly headers: IncomingHttpHeaders;
  /** The bytes that were sent. */
  readonly body: Buffer;
  /** The addresses that the sender may have sent it to. */
  readonly urls: readonly string[];
  readonly nowMs: number;
}

/** Why a request is not from where it says; undefined: it is. Quotes nothing of the request. */
export type Verify = (request: SignedRequest, secret: string) => string | undefined;

/** Whether two texts are the same. Takes as long however much of a wrong one is right, and however long it is. */
export const isSame = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const hmac = (secret: string, ...parts: readonly (string | Buffer)[]): string => {
  const sum = createHmac('sha256', secret);
  for (const part of parts) sum.update(part);
  return sum.digest('hex');
};

const FIVE_MINUTES = 5 * 60_000;
const NO_MATCH = 'the signature does not match';

/** @param windowMs A request may be so old, or the clocks so far apart. */
const isRecent = (atMs: number, nowMs: number, windowMs: number): boolean =>
  Math.abs(nowMs - atMs) <= windowMs;
const tooOld = (header: string, windowMs: number): string =>
  `${header}: the timestamp is more than ${windowMs / 60_000} minutes from now`;

const one = (value: string | string[] | undefined): string =>
  typeof value === 'string' ? value : (value?.[0] ?? '');

/** `t=1,v0=ab,v0=cd` by name; a name may come again. */
function partsOf(header: string): ReadonlyMap<string, readonly string[]> {
  const parts = new Map<string, string[]>();
  for (const part of header.split(',', 16)) {
    const at = part.indexOf('=');
    if (at <= 0) continue;
    const name = part.slice(0, at).trim();
    parts.set(name, [...(parts.get(name) ?? []), part.slice(at + 1).trim()]);
  }
  return parts;
}

/**
 * Vapi's credentials: an HMAC (`x-signature` over `{x-timestamp}.{body}`, in hex), a bearer token, or the older secret in
 * `x-vapi-secret`. Whichever of them it shows has to be right.
 */
export const vapi: Verify = ({ headers, body, nowMs }, secret) => {
  const signature = one(headers['x-signature'])
    .replace(/^[a-z0-9]+=/i, '')
    .toLowerCase();
  if (signature !== '') {
    const timestamp = one(headers['x-timestamp']);
    const given = timestamp === '' ? hmac(secret, body) : hmac(secret, `${timestamp}.`, body);
    if (!isSame(signature, given)) return NO_MATCH;
    return timestamp === '' || isRecent(epochMs(timestamp), nowMs, FIVE_MINUTES)
      ? undefined
      : tooOld('x-timestamp', FIVE_MINUTES);
  }
  const bearer = /^bearer +(\S.*)$/is.exec(one(headers.authorization))?.[1];
  const shown = bearer ?? one(headers['x-vapi-secret']);
  if (shown === '') return 'expected x-signature with x-timestamp, authorization: Bearer, or x-vapi-secret';
  return isSame(shown, secret) ? undefined : 'the secret is another one';
};

/** Seconds, milliseconds or ISO 8601. */
function epochMs(timestamp: string): number {
  if (!/^\d{1,16}(\.\d+)?$/.test(timestamp)) return Date.parse(timestamp);
  const number = Number(timestamp);
  return number < 1e11 ? number * 1_000 : number;
}

/** Retell: `x-retell-signature: v=MS,d=HEX`, an HMAC of body and milliseconds by the API key. */
export const retell: Verify = ({ headers, body, nowMs }, secret) => {
  const [, ms = '', hex = ''] =
    /^v=(\d{1,16}),d=([0-9a-f]{64})$/i.exec(one(headers['x-retell-signature'])) ?? [];
  if (hex === '') return 'x-retell-signature: expected v=MILLISECONDS,d=HEX';
  if (!isSame(hex.toLowerCase(), hmac(secret, body, ms))) return NO_MATCH;
  return isRecent(Number(ms), nowMs, FIVE_MINUTES) ? undefined : tooOld('x-retell-signature', FIVE_MINUTES);
};

const HALF_AN_HOUR = 30 * 60_000;

/** ElevenLabs: `elevenlabs-signature: t=SECONDS,v0=HEX`, an HMAC of both with a dot between; while a secret changes, several. */
export const elevenlabs: Verify = ({ headers, body, nowMs }, secret) => {
  const parts = partsOf(one(headers['elevenlabs-signature']));
  const [seconds = ''] = parts.get('t') ?? [];
  const signatures = parts.get('v0') ?? [];
  if (!/^\d{1,12}$/.test(seconds) || signatures.length === 0)
    return 'elevenlabs-signature: expected t=SECONDS,v0=HEX';
  const expected = hmac(secret, `${seconds}.`, body);
  if (!signatures.some((signature) => isSame(signature.toLowerCase(), expected))) return NO_MATCH;
  return isRecent(Number(seconds) * 1_000, nowMs, HALF_AN_HOUR)
    ? undefined
    : tooOld('elevenlabs-signature', HALF_AN_HOUR);
};

/** Bland: `x-webhook-signature`, an HMAC of the body in hex. It has no timestamp: what comes again changes nothing anyway. */
export const bland: Verify = ({ headers, body }, secret) => {
  const signature = one(headers['x-webhook-signature']).toLowerCase();
  if (signature === '') return 'expected x-webhook-signature';
  return isSame(signature, hmac(secret, body)) ? undefined : NO_MATCH;
};

/**
 * Twilio: `x-twilio-signature`, an HMAC in base64 of the address and the sorted fields of the form: SHA-1 by the account's auth
 * token, or SHA-256 by a shared key where a header says so. Over the address with its port, or without.
 */
export const twilio: Verify = ({ headers, body, urls }, secret) => {
  const signature = one(headers['x-twilio-signature']);
  if (signature === '') return 'expected x-twilio-signature';
  const settings = partsOf(one(headers['x-twilio-webhooks-signature-settings']));
  const hash = ALGORITHMS.get(settings.get('algorithm')?.[0] ?? 'HMAC_SHA1');
  if (hash === undefined) return 'x-twilio-webhooks-signature-settings: expected HMAC_SHA1 or HMAC_SHA256';
  const fields = sortedFields(new URLSearchParams(body.toString('utf8')));
  const matches = urls
    .flatMap(withAndWithoutPort)
    .map((url) => createHmac(hash, secret).update(url).update(fields).digest('base64'))
    .filter((expected) => isSame(signature, expected));
  return matches.length > 0
    ? undefined
    : `${NO_MATCH}; EARSHOT_WEBHOOK_URL has to be the address that Twilio was given`;
};

const ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ['HMAC_SHA1', 'sha1'],
  ['HMAC_SHA256', 'sha256'],
]);

/** Name and value of each, by name; of one that comes several times each value once. */
function sortedFields(form: URLSearchParams): string {
  const names = [...new Set(form.keys())].sort();
  return names
    .flatMap((name) => [...new Set(form.getAll(name))].sort().map((value) => name + value))
    .join('');
}

function withAndWithoutPort(url: string): string[] {
  const [, scheme = '', host = '', port, rest = ''] = /^(https?:\/\/)([^/:?#]+)(:\d+)?(.*)$/s.exec(url) ?? [];
  if (host === '') return [url];
  const usual = scheme === 'https://' ? ':443' : ':80';
  return [`${scheme}${host}${rest}`, `${scheme}${host}${port ?? usual}${rest}`];
}
