import { type Attributes, SpanStatusCode } from '@opentelemetry/api';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import { capturesContent } from '../call/content.ts';

type EndingSpan = Parameters<NonNullable<SpanProcessor['onEnding']>>[0];

/** Frameworks that write what was said, the names of participants and prompts to spans whenever there is a tracer provider. */
const SCOPES: ReadonlySet<string> = new Set(['livekit-agents']);

/** `lk.pii.*` since LiveKit Agents 1.5, and the names before; the GenAI conventions' messages, tools and instructions. */
const CONTENT =
  /^lk\.(pii\.|(user_transcript|user_input|input_text|instructions|chat_ctx|response\.(text|function_calls)|function_tool\.(arguments|output)|function_tools|participant_identity|room_name|amd\.(transcript|reason))$)|^gen_ai\.(input\.messages|output\.messages|system_instructions|prompt|completion|tool\.(definitions|description|call\.arguments|call\.result))(\.|$)|^exception\.(message|stacktrace)$/;
/** Events whose name alone says that they hold a message. */
const MESSAGE =
  /^gen_ai\.((system|user|assistant|tool)\.message|choice|client\.inference\.operation\.details)$/;

/**
 * Keeps what was said out of the spans of frameworks that would have written none without the provider that earshot
 * registers. With content capture on, and for a provider of the application's own, they are as the framework made them.
 */
export class ForeignContentFilter implements SpanProcessor {
  onStart(): void {}

  onEnding(span: EndingSpan): void {
    if (capturesContent() || !SCOPES.has(span.instrumentationScope.name)) return;
    strip(span.attributes);
    const kept = span.events.filter(({ name }) => !MESSAGE.test(name));
    for (const { attributes } of kept) if (attributes) strip(attributes);
    if (kept.length < span.events.length) span.events.splice(0, span.events.length, ...kept);
    if (span.status.message) span.setStatus({ code: SpanStatusCode.ERROR });
  }

  onEnd(): void {}

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

function strip(attributes: Attributes): void {
  for (const name of Object.keys(attributes)) if (CONTENT.test(name)) delete attributes[name];
}
