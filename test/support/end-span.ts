import { ROOT_CONTEXT, type Tracer } from '@opentelemetry/api';
import { ATTR, SPAN } from '../../model/semconv.ts';

/** A turn of a call that has just ended. */
export function endSpan(tracer: Tracer, callId: string, turnIndex: number): void {
  const attributes = { [ATTR.callId]: callId, [ATTR.turnIndex]: turnIndex };
  tracer.startSpan(SPAN.turn, { attributes }, ROOT_CONTEXT).end();
}
