import { resourceFromAttributes } from '@opentelemetry/resources';
import type { IdGenerator, ReadableSpan } from '@opentelemetry/sdk-trace';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { createRandom, type Random } from '../../../demo/simulators/random.ts';
import { readFact } from '../../../exporter/dialects/index.ts';
import type { Fact } from '../../../model/facts.ts';
import { SPAN } from '../../../model/semconv.ts';
import { fromFinishedSpan } from '../../../model/span-record.ts';
import { conversation } from '../conversation.ts';

/** A call with all of its spans, and which of them its agent sends long after the others. */
export interface FleetCall {
  /** Absent: the default tenant. */
  readonly tenant?: string;
  readonly callId: string;
  readonly punctual: readonly ReadableSpan[];
  readonly late: readonly ReadableSpan[];
  /** What the spans say, read without a detour over OTLP. */
  readonly facts: readonly Fact[];
}

/**
 * Calls of one to four turns, always the same for their seed. Some never end, some have lost spans on the way, and of
 * every third some spans come late.
 */
export function fleetCalls(seed: number, count: number): FleetCall[] {
  const random = createRandom(seed, 'calls');
  return Array.from({ length: count }, (_, index) =>
    fleetCall(`fleet-${seed}-${index}`, random, index % 3 === 0),
  );
}

/** As another tenant has them: all ids are the same, and some spans are other ones that were lost. */
export function sentBy(tenant: string, calls: readonly FleetCall[]): FleetCall[] {
  return calls.map(({ callId, punctual, late }, number) => {
    const kept = (span: ReadableSpan, index: number) =>
      (index + number) % 4 > 0 && factOf(span) !== undefined;
    const [own, ownLate] = [punctual.filter(kept), late.filter(kept)];
    const facts = [...own, ...ownLate].flatMap((span) => factOf(span) ?? []);
    return {
      tenant,
      callId,
      punctual: own,
      late: ownLate,
      facts: facts.map((fact) => ({ ...fact, tenant })),
    };
  });
}

const factOf = (span: ReadableSpan) => readFact(fromFinishedSpan(span));

function fleetCall(callId: string, random: Random, hasLate: boolean): FleetCall {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    idGenerator: seededIds(random),
    resource: resourceFromAttributes({ 'service.name': 'front-desk' }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  const turns = 1 + Math.floor(random.between(0, 4));
  for (const { name, end } of conversation(provider.getTracer('earshot'), callId, turns)) {
    const lost = random.between(0, 1) < (name === SPAN.call ? 0.1 : 0.03);
    if (!lost) end();
  }
  const spans = exporter.getFinishedSpans();
  const late = hasLate ? spans.filter((_, index) => index > 0 && random.between(0, 1) < 0.3) : [];
  return {
    callId,
    punctual: spans.filter((span) => !late.includes(span)),
    late,
    facts: spans.flatMap((span) => factOf(span) ?? []),
  };
}

function seededIds(random: Random): IdGenerator {
  const hex = () => random.uuid().replaceAll('-', '');
  return { generateTraceId: hex, generateSpanId: () => hex().slice(0, 16) };
}
