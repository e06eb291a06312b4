import { vendored } from '../../vendor/opentelemetry.ts';

/** `@opentelemetry/core`, when it is needed: an installation that is broken is found by the start, which reports it. */
export const core = (): typeof import('@opentelemetry/core') => vendored('@opentelemetry/core');
