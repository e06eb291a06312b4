import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Attributes, SpanKind } from '@opentelemetry/api';
import { ATTR, SPAN } from '../../../model/semconv.ts';
import { readTwilioStatus, type TwilioStatus } from '../../../model/twilio-status.ts';
import { nowUs } from '../../call/clock.ts';
import { endSpan, guard, startSpan } from '../../call/spans.ts';
import { lookFirst } from '../kit/live/sockets.ts';

/** A form of some dozen fields; what is longer is no callback. */
const MAX_BODY_BYTES = 65_536;
/** A request to the application, and its answer. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** What of each request's body has come. */
const bodies = new WeakMap<IncomingMessage, Buffer[]>();

subscribe('http.server.response.finish', (exchange) =>
  guard('reading a callback', () => finish(exchange as Exchange)),
);

/**
 * Reads what Twilio posts to the application: status callbacks, results of its answering-machine detection and requests
 * for TwiML. They are only looked at, as the application gets them. One that it refuses, because the signature is wrong,
 * does not count.
 */
export function followCallback(request: IncomingMessage): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  bodies.set(request, chunks);
  // Where the parser hands over what has come: it is the same however the application reads it.
  lookFirst(request, 'push', (chunk) => {
    if (!Buffer.isBuffer(chunk)) return;
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    else bodies.delete(request);
  });
}

function finish({ request, response }: Exchange): void {
  const chunks = bodies.get(request);
  if (chunks === undefined) return;
  bodies.delete(request);
  if (response.statusCode >= 300) return;
  const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
  const status = readTwilioStatus(form, nowUs());
  if (status !== undefined) report(status);
}

/** A span of its own: the call may have been another process's, or no one's. */
function report(status: TwilioStatus): void {
  const { isOver, endUs, startUs = endUs } = status;
  const span = startSpan(
    isOver ? SPAN.call : SPAN.callUpdate,
    { kind: isOver ? SpanKind.SERVER : SpanKind.INTERNAL, startUs, attributes: attributesOf(status) },
    undefined,
  );
  endSpan(span, startUs, endUs);
}

function attributesOf(status: TwilioStatus): Attributes {
  const attributes: Attributes = {
    [ATTR.callId]: status.callId,
    [ATTR.amdResult]: status.amdResult,
    [ATTR.sipStatusCode]: status.sipStatusCode,
    ...(status.isOver && {
      [ATTR.transport]: status.transport,
      [ATTR.callChannel]: status.channel,
      [ATTR.callDirection]: status.direction,
      [ATTR.endReason]: status.endReason,
      [ATTR.billedSeconds]: status.billedSeconds,
      [ATTR.transferred]: status.transferred,
    }),
  };
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
