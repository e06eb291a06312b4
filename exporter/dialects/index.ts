import { ATTR } from '../../instrumentation/semconv.ts';
import type { Fact } from '../facts.ts';
import type { SpanRecord } from '../span-record.ts';
import { index } from './attributes.ts';
import { callIdOf, type Dialect, factBase } from './dialect.ts';
import { earshot } from './earshot.ts';
import { livekit } from './livekit.ts';
import { pipecat } from './pipecat.ts';

/** In order of trial: the first that recognises a span reads it. */
const DIALECTS: readonly Dialect[] = [earshot, livekit, pipecat];

/**
 * What a finished span says, in the words of the pipeline. Undefined: the span is not of a call, or repeats what other
 * spans say. A span of a call that no dialect knows becomes an `other` fact. Never throws, whatever the attributes are.
 */
export function readFact(span: SpanRecord): Fact | undefined {
  const dialect = DIALECTS.find((candidate) => candidate.recognises(span));
  if (dialect !== undefined) return dialect.read(span);
  const callId = callIdOf(span);
  if (callId === undefined) return undefined;
  const turnIndex = index(span.attributes, ATTR.turnIndex);
  return { ...factBase(span, callId), type: 'other', ...(turnIndex !== undefined && { turnIndex }) };
}
