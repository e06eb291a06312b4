/** What one request may ask of the decoder, whatever its size in bytes. */
export interface DecodeLimits {
  /** Spans in one request; beyond it the request is refused. */
  readonly spans: number;
  /** Attributes of one span, its events' included; the rest is left out. */
  readonly attributesPerSpan: number;
  /** Events of one span; the rest is left out. */
  readonly eventsPerSpan: number;
  /** Characters of a key, of a name or of a text value; the rest is cut off. */
  readonly valueLength: number;
  /** Values inside values, and entries of one list; what is deeper or longer is left out. */
  readonly depth: number;
  readonly listEntries: number;
}

export const DEFAULT_LIMITS: DecodeLimits = {
  spans: 20_000,
  attributesPerSpan: 512,
  eventsPerSpan: 512,
  valueLength: 65_536,
  depth: 8,
  listEntries: 1_024,
};

/** The body is not what its content type says. The message names the place, never the content. */
export class MalformedError extends Error {
  override name = 'MalformedError';
}

/** The request is well-formed and asks for more than `DecodeLimits` allows. */
export class TooLargeError extends Error {
  override name = 'TooLargeError';
}
