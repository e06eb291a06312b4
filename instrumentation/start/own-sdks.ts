import { createRequire } from 'node:module';
import { join } from 'node:path';
import { diag } from '@opentelemetry/api';
import type { Patch, SdkInstrumentation, SdkPackage } from '../sdks/kit/sdk.ts';

/** An SDK as a module exports it: it has the patch itself, or loads it when the application has loaded the SDK. */
type OwnSdk = SdkPackage & { patch?: Patch; load?(moduleExports: unknown): Patch };

/**
 * Loads SDK instrumentations of the application's own: the modules that `EARSHOT_SDKS` names, as paths relative to the
 * working directory or as packages. Every instrumentation that a module exports counts, alone or in a list. One that
 * cannot be used is one line, and the others go on.
 */
export function loadOwnSdks(names: readonly string[]): SdkInstrumentation[] {
  const load = createRequire(join(process.cwd(), 'package.json'));
  return names.flatMap((name) => {
    try {
      const found = Object.values<unknown>(load(name)).flat().filter(isInstrumentation);
      if (found.length === 0)
        diag.error(
          `earshot: EARSHOT_SDKS: ${name} exports no instrumentation; expected an export with packageName, supportedVersions and patch or load.`,
        );
      return found.map((sdk) => ({ ...sdk, patch: patchOf(sdk) }));
    } catch (error) {
      diag.error(`earshot: EARSHOT_SDKS: ${name} could not be loaded and instruments nothing.`, error);
      return [];
    }
  });
}

const patchOf =
  (sdk: OwnSdk): Patch =>
  (moduleExports, version) => {
    if (sdk.patch) sdk.patch(moduleExports, version);
    else sdk.load?.(moduleExports)(moduleExports, version);
  };

function isInstrumentation(value: unknown): value is OwnSdk {
  if (typeof value !== 'object' || value === null) return false;
  const { packageName, supportedVersions, patch, load } = value as Partial<OwnSdk>;
  return (
    typeof packageName === 'string' &&
    Array.isArray(supportedVersions) &&
    (typeof patch === 'function' || typeof load === 'function')
  );
}
