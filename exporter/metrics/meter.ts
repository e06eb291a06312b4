import { createNoopMeter, type Meter, type MeterProvider, metrics } from '@opentelemetry/api';
import { SCOPE, VERSION } from '../../model/version.ts';

/**
 * Instruments of whatever meter provider is registered when they are used. The Metrics API has no proxy that follows a
 * provider registered later, as the Trace API has, and applications register theirs after we were made.
 */
export function followMeter<Instruments>(
  create: (meter: Meter) => Instruments,
  remove: (old: Instruments) => void = () => {},
): () => Instruments {
  let provider: unknown;
  let instruments: Instruments | undefined;
  return () => {
    const current = metrics.getMeterProvider();
    if (instruments === undefined || current !== provider) {
      if (instruments !== undefined) remove(instruments);
      provider = current;
      instruments = create(meterOf(current));
    }
    return instruments;
  };
}

/** An application shuts its SDK down before earshot has written the last call, and a provider warns that is asked then. */
function meterOf(provider: MeterProvider & { _shutdown?: boolean }): Meter {
  return provider._shutdown ? createNoopMeter() : provider.getMeter(SCOPE, VERSION);
}
