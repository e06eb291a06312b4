import type { Fact } from '../../model/facts.ts';
import { isPlausible } from '../../model/plausible.ts';
import { DEFAULT_TENANT } from '../../model/tenant.ts';
import type { ReadOptions } from '../dialects/dialect.ts';
import { readFact } from '../dialects/index.ts';
import { decodeJson } from './decode/decode-json.ts';
import { decodeProtobuf } from './decode/decode-protobuf.ts';
import type { DecodeLimits } from './decode/limits.ts';
import type { Encoding } from './door/answer.ts';

/** Of the default tenant a fact says nothing. */
function ofTenant(fact: Fact, tenant: string): Fact {
  if (tenant !== DEFAULT_TENANT) fact.tenant = tenant;
  return fact;
}

/** What a request's spans say: the facts of calls, and what became of the other spans. */
export interface TraceRequest {
  readonly facts: readonly Fact[];
  /** Spans that are not of a call. */
  readonly ignored: number;
  /** Spans that cannot be taken, by reason. */
  readonly refused: ReadonlyMap<string, number>;
  /** Attributes, events and texts that were left out or cut off. */
  readonly limited: number;
}

/**
 * Decodes an OTLP trace request and reads the facts of its spans, which are of the sender's tenant. Whatever the bytes are, only these errors come out.
 * @throws MalformedError, TooLargeError
 */
export function readTraceRequest(
  body: Buffer,
  encoding: Encoding,
  limits: DecodeLimits,
  options: ReadOptions,
  tenant: string = DEFAULT_TENANT,
): TraceRequest {
  const facts: Fact[] = [];
  const refused = new Map<string, number>();
  let ignored = 0;
  let limited = 0;
  const refuse = (reason: string) => void refused.set(reason, (refused.get(reason) ?? 0) + 1);
  const limit = (attributes = 1) => {
    limited += attributes;
  };
  const reading = { ...options, limited: limit };
  const decode = encoding === 'json' ? decodeJson : decodeProtobuf;
  decode(body, limits, {
    span: (span) => {
      try {
        const fact = readFact(span, reading);
        if (fact === undefined) ignored += 1;
        else if (isPlausible(fact)) facts.push(ofTenant(fact, tenant));
        else refuse('implausible');
      } catch {
        // Dialects do not throw. If one does, its span is lost and not the request.
        refuse('unreadable');
      }
    },
    refused: refuse,
    limited: limit,
  });
  return { facts, ignored, refused, limited };
}
