import { HttpError } from '../door/answer.ts';

/** Values inside of values: no platform's report has as many. */
const MAX_DEPTH = 64;
const [QUOTE, ESCAPE] = [0x22, 0x5c];
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/**
 * A body as JSON, which is not nested deeper than any report.
 * @throws HttpError 400
 */
export function parseBody(body: Buffer): unknown {
  if (depthOf(body) > MAX_DEPTH)
    throw new HttpError(400, `the body is nested deeper than ${MAX_DEPTH} levels`);
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new HttpError(400, 'the body is not valid JSON');
  }
}

/** How deep it goes; counted before it is parsed, so that what is deep is never built. */
function depthOf(body: Buffer): number {
  let [depth, deepest, isText] = [0, 0, false];
  for (let i = 0; i < body.length; i++) {
    const byte = body[i] ?? 0;
    if (isText) {
      if (byte === ESCAPE) i += 1;
      else if (byte === QUOTE) isText = false;
    } else if (byte === QUOTE) isText = true;
    else if (OPENING.has(byte)) deepest = Math.max(deepest, ++depth);
    else if (CLOSING.has(byte)) depth -= 1;
  }
  return deepest;
}
