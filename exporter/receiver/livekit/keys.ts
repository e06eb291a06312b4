import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Sender } from '../door/tokens.ts';

/** An API key of LiveKit and its secret, as agents have them in `LIVEKIT_API_KEY` and `LIVEKIT_API_SECRET`. */
export interface LiveKitKey {
  readonly key: string;
  /** Secret. */
  readonly secret: string;
  /** Whose calls they are. Absent: the default tenant's. */
  readonly tenant?: string;
}

/** How far the clocks of agents may be off. Seconds. */
const LEEWAY = 60;
/** Those of the SDKs have some 300. */
const MAX_TOKEN_CHARACTERS = 4_096;

/**
 * The keys whose holders may upload. Agents sign their tokens (JWT) themselves: HS256 with the secret, the key as issuer, and a
 * grant to write observability data.
 */
export class LiveKitKeys {
  readonly #known: ReadonlyMap<string, LiveKitKey>;
  readonly #expiryLeeway: number;

  /**
   * @param expiryLeeway - How long a token counts after it has expired, in seconds: JavaScript makes one for six hours and keeps
   * it for as long as the session lasts. (Default: one minute, as clocks differ.)
   */
  constructor(keys: readonly LiveKitKey[], expiryLeeway = LEEWAY) {
    this.#known = new Map(keys.map((key) => [key.key, key]));
    this.#expiryLeeway = Math.max(LEEWAY, expiryLeeway);
  }

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#known.size === 0;
  }

  /**
   * Whose token a request shows as `authorization: Bearer TOKEN`; undefined when it is none that counts now.
   * @param nowSeconds - since 1970
   */
  senderOf(authorization: string | undefined, nowSeconds: number): Sender | undefined {
    const [, token = ''] = /^bearer +([\w-]+\.[\w-]+\.[\w-]+) *$/i.exec(authorization ?? '') ?? [];
    if (token === '' || token.length > MAX_TOKEN_CHARACTERS) return undefined;
    const [header = '', payload = '', signature = ''] = token.split('.');
    const claims = objectIn(payload);
    const known = this.#known.get(String(claims?.iss));
    // Signed also where the key is unknown: how long it takes does not say which keys there are.
    const expected = createHmac('sha256', known?.secret ?? 'no such key')
      .update(`${header}.${payload}`)
      .digest();
    const shown = Buffer.from(signature, 'base64url');
    const isSigned = shown.length === expected.length && timingSafeEqual(shown, expected);
    if (known === undefined || claims === undefined || !isSigned) return undefined;
    if (!isPlain(objectIn(header)) || !isNow(claims, nowSeconds, this.#expiryLeeway) || !mayWrite(claims))
      return undefined;
    return { name: known.key, ...(known.tenant !== undefined && { tenant: known.tenant }) };
  }
}

type Json = Readonly<Record<string, unknown>>;

function objectIn(part: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

/** The one algorithm, and nothing that would have to be understood beside it. */
const isPlain = (header: Json | undefined): boolean => header?.alg === 'HS256' && header.crit === undefined;

/** A token without an end would count forever. */
const isNow = ({ nbf, exp }: Json, now: number, expiryLeeway: number): boolean =>
  typeof exp === 'number' &&
  now < exp + expiryLeeway &&
  (nbf === undefined || (typeof nbf === 'number' && now >= nbf - LEEWAY));

const mayWrite = ({ observability }: Json): boolean =>
  typeof observability === 'object' && observability !== null && (observability as Json).write === true;
