import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PlatformName } from '../../model/vocabulary.ts';
import { packageRoot } from './root.ts';

/** What shows that a request is a platform's, in tests. */
export const SECRET = 'platform-secret-0123456789';

/** An end-of-call report after the platform's public documentation. */
export const reportOf = (platform: PlatformName): Record<string, unknown> =>
  JSON.parse(readFileSync(join(packageRoot, 'test/fixtures/platforms', `${platform}.json`), 'utf8'));

/** Instants of the reports: ISO 8601, milliseconds and seconds since 1970. */
const INSTANT = /"(2026-11-\d\dT[\d:.]+Z)"|\b(17959\d{5})(\d{3})?\b/g;
const REPORTED_MS = Date.UTC(2026, 10, 29, 16);

/** The same of a call that began a minute before. */
export const recentReportOf = (platform: PlatformName): Record<string, unknown> => {
  const shiftMs = Math.floor(Date.now() / 1_000) * 1_000 - 60_000 - REPORTED_MS;
  const moved = (_: string, iso?: string, seconds?: string, ms?: string): string =>
    iso !== undefined
      ? JSON.stringify(new Date(Date.parse(iso) + shiftMs).toISOString())
      : `${Number(seconds) + shiftMs / 1_000}${ms ?? ''}`;
  return JSON.parse(JSON.stringify(reportOf(platform)).replace(INSTANT, moved));
};

const sha256 = (text: string, secret: string): string =>
  createHmac('sha256', secret).update(text).digest('hex');

/** The headers with which a platform signs a body. */
export const SIGN: Readonly<
  Record<PlatformName, (body: string, secret?: string, atMs?: number) => Record<string, string>>
> = {
  vapi: (body, secret = SECRET, atMs = Date.now()) => ({
    'x-timestamp': String(atMs),
    'x-signature': sha256(`${atMs}.${body}`, secret),
  }),
  retell: (body, secret = SECRET, atMs = Date.now()) => ({
    'x-retell-signature': `v=${atMs},d=${sha256(body + atMs, secret)}`,
  }),
  bland: (body, secret = SECRET) => ({ 'x-webhook-signature': sha256(body, secret) }),
  elevenlabs: (body, secret = SECRET, atMs = Date.now()) => {
    const seconds = Math.floor(atMs / 1_000);
    return { 'elevenlabs-signature': `t=${seconds},v0=${sha256(`${seconds}.${body}`, secret)}` };
  },
};

/** A status callback of Twilio's as it posts it, signed. */
export function twilioCallback(address: string, fields: Readonly<Record<string, string>>, secret = SECRET) {
  const signed = Object.keys(fields)
    .sort()
    .reduce((text, name) => text + name + fields[name], address);
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
      'x-twilio-signature': createHmac('sha1', secret).update(signed).digest('base64'),
    },
    body: new URLSearchParams(fields).toString(),
  };
}
