import { diag, type TextMapPropagator } from '@opentelemetry/api';
import { vendored } from '../../vendor/opentelemetry.ts';
import { core } from './core.ts';

/** `OTEL_PROPAGATORS`. (Default: `tracecontext,baggage`.) Undefined when it says `none`. */
export function propagatorFromEnv(): TextMapPropagator | undefined {
  const names = new Set(core().getStringListFromEnv('OTEL_PROPAGATORS') ?? ['tracecontext', 'baggage']);
  if (names.has('none')) return undefined;
  const propagators = [...names].flatMap((name) => propagator(name) ?? []);
  return propagators.length === 0 ? undefined : new (core().CompositePropagator)({ propagators });
}

interface B3 {
  B3Propagator: new (config?: { injectEncoding: number }) => TextMapPropagator;
  B3InjectEncoding: { MULTI_HEADER: number };
}

function propagator(name: string): TextMapPropagator | undefined {
  switch (name) {
    case 'tracecontext':
      return new (core().W3CTraceContextPropagator)();
    case 'baggage':
      return new (core().W3CBaggagePropagator)();
    case 'b3':
      return new (vendored<B3>('@opentelemetry/propagator-b3').B3Propagator)();
    case 'b3multi': {
      const { B3Propagator, B3InjectEncoding } = vendored<B3>('@opentelemetry/propagator-b3');
      return new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER });
    }
    case 'jaeger':
      return new (vendored<{ JaegerPropagator: new () => TextMapPropagator }>(
        '@opentelemetry/propagator-jaeger',
      ).JaegerPropagator)();
    default:
      diag.warn(`OTEL_PROPAGATORS: ${JSON.stringify(name)} is not known and ignored.`);
      return undefined;
  }
}
