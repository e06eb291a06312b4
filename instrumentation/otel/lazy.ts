import { createRequire } from 'node:module';

/**
 * Loads a package when it is needed and synchronously, so that a start-up pays for what the configuration names and no
 * more, and everything is in place before the application's first line.
 */
export const load: NodeJS.Require = createRequire(import.meta.url);

let parts: NodeJS.Require | undefined;

/**
 * Loads an exporter or propagator out of the dependencies of `@opentelemetry/sdk-node`, in the version that goes with
 * the SDK, without loading all the others of them.
 */
export function part<Module>(name: string): Module {
  parts ??= createRequire(load.resolve('@opentelemetry/sdk-node'));
  return parts(name) as Module;
}
