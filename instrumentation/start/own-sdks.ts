import { createRequire } from 'node:module';
import { join } from 'node:path';
import { diag } from '@opentelemetry/api';
import type { SdkInstrumentation } from '../sdks/sdk.ts';

/**
 * Loads SDK instrumentations of the application's own: the modules that `EARSHOT_SDKS` names, as paths relative to the
 * working directory or as packages. Every `SdkInstrumentation` that a module exports counts. One that cannot be used is
 * one line, and the others go on.
 */
export function loadOwnSdks(names: readonly string[]): SdkInstrumentation[] {
  const load = createRequire(join(process.cwd(), 'package.json'));
  return names.flatMap((name) => {
    try {
      const found = Object.values<unknown>(load(name)).filter(isInstrumentation);
      if (found.length === 0)
        diag.error(
          `earshot: EARSHOT_SDKS: ${name} exports no instrumentation; expected an export with packageName, supportedVersions and patch.`,
        );
      return found;
    } catch (error) {
      diag.error(`earshot: EARSHOT_SDKS: ${name} could not be loaded and instruments nothing.`, error);
      return [];
    }
  });
}

function isInstrumentation(value: unknown): value is SdkInstrumentation {
  if (typeof value !== 'object' || value === null) return false;
  const { packageName, supportedVersions, patch } = value as Partial<SdkInstrumentation>;
  return typeof packageName === 'string' && Array.isArray(supportedVersions) && typeof patch === 'function';
}
