import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

type Packages = (name: string) => unknown;

/**
 * A package of OpenTelemetry, out of the files that `scripts/vendor.mjs` makes of those that earshot needs.
 *
 * They are in our package because the 2.x line declares a range of `@opentelemetry/api` that leaves out 1.10, with which it
 * works, and pins its own packages to the patch: as dependencies they were two dozen warnings, and a copy of some for each
 * that needs it. A file also loads in half the time. Packages are loaded when they are asked for, and synchronously.
 */
export const vendored = <Package>(name: string): Package => fileOf(name)(name) as Package;

function fileOf(name: string): Packages {
  switch (name) {
    case '@opentelemetry/context-async-hooks':
    case '@opentelemetry/core':
    case '@opentelemetry/resources':
    case '@opentelemetry/sdk-trace':
      return load('./opentelemetry.cjs');
    case '@opentelemetry/instrumentation':
      return load('./instrumentation.cjs');
    default:
      return load('./exporters.cjs');
  }
}
