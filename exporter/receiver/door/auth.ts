import { createHash, timingSafeEqual } from 'node:crypto';

const digest = (text: string) => createHash('sha256').update(text).digest();

/**
 * Whether a request may be served: always when there is no token; else when its `authorization` is `Bearer TOKEN`.
 * Takes the same time however much of a wrong token is right.
 */
export function bearerAuth(token: string | undefined): (authorization: string | undefined) => boolean {
  if (token === undefined) return () => true;
  const expected = digest(token);
  return (authorization) => {
    const [, given] = /^bearer +(\S.*)$/is.exec(authorization ?? '') ?? [];
    return given !== undefined && timingSafeEqual(digest(given), expected);
  };
}
