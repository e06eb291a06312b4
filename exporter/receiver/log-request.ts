import { createHash } from 'node:crypto';
import type { Fact } from '../../model/facts.ts';
import { isPlausible } from '../../model/plausible.ts';
import { ATTR, EVENT } from '../../model/semconv.ts';
import { DEFAULT_TENANT } from '../../model/tenant.ts';
import { readFact } from '../dialects/index.ts';
import { decodeLogsJson } from './decode/decode-logs-json.ts';
import { decodeLogsProtobuf } from './decode/decode-logs-protobuf.ts';
import type { DecodeLimits } from './decode/limits.ts';
import type { LogRecord } from './decode/log-record.ts';
import type { Encoding } from './door/answer.ts';

/** What a request's log records say. */
export interface LogRequest {
  /** Evaluations of calls. */
  readonly facts: readonly Fact[];
  /** Parts of them that were left out. */
  readonly limited: number;
}

/** What is read of a record: an evaluation may have attributes of the request that it judges, and is no second request. */
const READ = [
  ATTR.callId,
  ATTR.conversationId,
  ATTR.evaluationName,
  ATTR.evaluationScore,
  ATTR.evaluationLabel,
] as const;

/**
 * Reads the evaluations among the log records of an OTLP request: events `gen_ai.evaluation.result` with the id of a call. All
 * others are the application's own lines, and requests without an evaluation are not even decoded.
 * @throws MalformedError, TooLargeError
 */
export function readLogRequest(
  body: Buffer,
  encoding: Encoding,
  limits: DecodeLimits,
  tenant: string = DEFAULT_TENANT,
): LogRequest {
  const facts: Fact[] = [];
  let limited = 0;
  if (!body.includes(ATTR.evaluationName)) return { facts, limited };
  const limit = (parts = 1) => {
    limited += parts;
  };
  const decode = encoding === 'json' ? decodeLogsJson : decodeLogsProtobuf;
  decode(body, limits, {
    wants: () => true,
    record: (record) => {
      if (record.attributes[ATTR.evaluationName] === undefined) return;
      const fact = evaluationOf(record, limit);
      if (fact === undefined || !isPlausible(fact)) limit();
      else facts.push(tenant === DEFAULT_TENANT ? fact : { ...fact, tenant });
    },
    limited: limit,
  });
  return { facts, limited };
}

function evaluationOf(record: LogRecord, limited: (parts?: number) => void): Fact | undefined {
  const { timeUs, attributes, resource } = record;
  if (!(timeUs > 0)) return undefined;
  const read = Object.fromEntries(
    READ.flatMap((name) => (attributes[name] === undefined ? [] : [[name, attributes[name]]])),
  );
  // Sent again it is the same one.
  const id = createHash('sha256')
    .update(JSON.stringify([timeUs, ...READ.map((name) => read[name] ?? null)]))
    .digest('hex');
  const fact = readFact(
    {
      traceId: id.slice(0, 32),
      spanId: id.slice(32, 48),
      name: EVENT.evaluationResult,
      startUs: timeUs,
      endUs: timeUs,
      statusCode: 0,
      attributes: read,
      events: [],
      resource,
    },
    { captureContent: false, limited },
  );
  return fact?.scores === undefined ? undefined : fact;
}
