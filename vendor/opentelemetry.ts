import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);
let parts: ((name: string) => unknown) | undefined;

/**
 * A package of the OpenTelemetry SDK, out of the file that `scripts/vendor.mjs` makes of those that earshot needs.
 *
 * It is in our package because the 2.x line declares a range of `@opentelemetry/api` that leaves out 1.10, with which it
 * works, and pins its own packages to the patch: as dependencies they were two dozen warnings, and a copy of some for each
 * that needs it. One file also loads in half the time. Packages are loaded when they are asked for, and synchronously.
 */
export function vendored<Package>(name: string): Package {
  parts ??= load('./opentelemetry.cjs') as (name: string) => unknown;
  return parts(name) as Package;
}
