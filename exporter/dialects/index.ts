import type { Fact } from '../../model/facts.ts';
import { ATTR } from '../../model/semconv.ts';
import type { SpanRecord } from '../../model/span-record.ts';
import { aiSdk } from './ai-sdk.ts';
import { anthropic } from './anthropic.ts';
import { index } from './attributes.ts';
import { withoutCancellation, withoutTimeToCut } from './cancellation.ts';
import { callIdOf, type Dialect, factBase, type ReadOptions } from './dialect.ts';
import { earshot } from './earshot.ts';
import { genai } from './genai.ts';
import { withLabels } from './labels.ts';
import { livekit } from './livekit.ts';
import { openinference } from './openinference.ts';
import { pipecat } from './pipecat.ts';
import { withScores } from './scores.ts';
import { traceloop } from './traceloop.ts';

/** In order of trial: the first that recognises a span reads it. The conventions that others build on come last. */
const DIALECTS: readonly Dialect[] = [
  earshot,
  livekit,
  pipecat,
  anthropic,
  aiSdk,
  openinference,
  traceloop,
  genai,
];

const WITHOUT_CONTENT: ReadOptions = { captureContent: false };

/**
 * What a finished span says, in the words of the pipeline. Undefined: the span is not of a call, or repeats what other
 * spans say. A span of a call that no dialect knows becomes an `other` fact. Never throws, whatever the attributes are.
 *
 * @param options - by default nothing that was said is read from the spans of frameworks
 */
export function readFact(span: SpanRecord, options: ReadOptions = WITHOUT_CONTENT): Fact | undefined {
  if (span.attributes[ATTR.reportedByEarshot] === true) return undefined;
  const dialect = DIALECTS.find((candidate) => candidate.recognises(span));
  if (dialect !== undefined) {
    const fact = dialect.read(span, options);
    if (fact === undefined) return undefined;
    const settled = withScores(withLabels(withoutCancellation(fact), span, options), span, options);
    return dialect === earshot ? settled : withoutTimeToCut(settled);
  }
  const callId = callIdOf(span);
  if (callId === undefined) return undefined;
  const turnIndex = index(span.attributes, ATTR.turnIndex);
  const fact = withoutCancellation({
    ...factBase(span, callId),
    type: 'other',
    ...(turnIndex !== undefined && { turnIndex }),
  });
  return withScores(withLabels(fact, span, options), span, options);
}
