import * as nodeModule from 'node:module';
import { diag } from '@opentelemetry/api';
import { VERSION } from '../../model/version.ts';
import { vendored } from '../../vendor/opentelemetry.ts';
import { guard } from '../call/spans.ts';
import { load } from '../otel/lazy.ts';
import type { SdkInstrumentation } from '../sdks/kit/sdk.ts';

type Instrumentation = typeof import('@opentelemetry/instrumentation');
/** The base class, with what it does for each file of a package that is loaded. */
type HookedBase = new (
  ...of: ConstructorParameters<Instrumentation['InstrumentationBase']>
) => { _onRequire(module: { name: string }, moduleExports: unknown, name: string, folder?: string): unknown };
type SyncHooks = typeof import('import-in-the-middle/register-hooks.mjs');

const NOT_HOOKED =
  'is not Node: SDKs are not followed as they are loaded. Hand what you make of them to earshot/instrument; calls, rows and traces are as in Node.';

let loaded = 0;

/** How many modules of SDKs were loaded and patched so far. */
export const loadedSdkCount = (): number => loaded;

/**
 * Has each SDK patched when the application loads it, by `import` or by `require`. What the application never loads is
 * never loaded. Call it last: hooks slow down the loading of everything that comes after them.
 */
export function installHooks(sdks: readonly SdkInstrumentation[], disabled: readonly string[] = []): void {
  warnOfUnknown(sdks, disabled);
  const wanted = sdks.filter((sdk) => !disabled.includes(sdk.packageName) && specifiers(sdk).length > 0);
  if (wanted.length === 0) return;
  const { bun, deno } = process.versions;
  if (bun !== undefined || deno !== undefined) {
    diag.warn(`earshot: ${bun === undefined ? 'Deno' : 'Bun'} ${NOT_HOOKED}`);
    return;
  }
  const api = vendored<Instrumentation>('@opentelemetry/instrumentation');
  // A package may have several modules, each loaded and each with hooks of more than one SDK: one warning is enough.
  const warned = new Set<string>();
  for (const sdk of wanted) hookSdk(api, sdk, warned);
  warnOfOtherLoaders();
  hookImports([...new Set(wanted.flatMap(specifiers))]);
}

function warnOfUnknown(sdks: readonly SdkInstrumentation[], disabled: readonly string[]): void {
  const known = [...new Set(sdks.map(({ packageName }) => packageName))].sort();
  for (const name of disabled.filter((name) => !known.includes(name)))
    diag.warn(
      `earshot: EARSHOT_DISABLED_SDKS: saw ${JSON.stringify(name)}, which switches nothing off; expected names of packages out of ${known.join(', ')}.`,
    );
}

const specifiers = ({ packageName, modules }: SdkInstrumentation): readonly string[] =>
  modules ?? [packageName];

/** `InstrumentationBase` hooks both module formats and knows the package's version. */
function hookSdk(api: Instrumentation, sdk: SdkInstrumentation, warned: Set<string>): void {
  const { InstrumentationBase, InstrumentationNodeModuleDefinition } = api;
  const define = (name: string) => {
    const supported = new WeakSet<object>();
    const patch = (moduleExports: object, version?: string) => {
      supported.add(moduleExports);
      loaded += 1;
      guard(`instrumenting ${sdk.packageName}`, () => sdk.patch(moduleExports, version));
      return moduleExports;
    };
    const warn = (moduleExports: object, version?: string) => {
      const warning = unsupported(sdk, version);
      if (supported.has(moduleExports) || warned.has(warning)) return moduleExports;
      warned.add(warning);
      diag.warn(warning);
      return moduleExports;
    };
    const onTheWire = (moduleExports: object) => {
      supported.add(moduleExports);
      return moduleExports;
    };
    // The last, which takes every version, hears of those that the others have not taken.
    return [
      new InstrumentationNodeModuleDefinition(name, [...sdk.supportedVersions], patch),
      new InstrumentationNodeModuleDefinition(name, [...(sdk.wireVersions ?? [])], onTheWire),
      new InstrumentationNodeModuleDefinition(name, ['*'], warn),
    ];
  };
  class SdkHooks extends (InstrumentationBase as unknown as HookedBase) {
    protected init() {
      return specifiers(sdk).flatMap(define);
    }

    /** Not for files within a package, which have no hooks: it would read the package's version again for each of them. */
    override _onRequire(module: { name: string }, moduleExports: unknown, name: string, folder?: string) {
      return module.name === name ? super._onRequire(module, moduleExports, name, folder) : moduleExports;
    }
  }
  new SdkHooks(`earshot/${sdk.packageName}`, VERSION, {});
}

const unsupported = (
  { packageName, supportedVersions, wireVersions = [] }: SdkInstrumentation,
  version = 'of no known version',
) =>
  `earshot: ${packageName} ${version} is not instrumented; supported are ${[...wireVersions, ...supportedVersions].join(', ')}.`;

function hookImports(include: string[]): void {
  const { supportsSyncHooks }: SyncHooks = load('import-in-the-middle/supports-sync-hooks.mjs');
  if (supportsSyncHooks())
    (load('import-in-the-middle/register-hooks.mjs') as SyncHooks).register({ include });
  // Older Node versions have no synchronous hooks, or such as break on CommonJS modules.
  else nodeModule.register('import-in-the-middle/hook.mjs', import.meta.url, { data: { include } });
}

/** Hooks of `import` reach one loader only, the one that was registered for their copy of import-in-the-middle. */
function warnOfOtherLoaders(): void {
  const options = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ');
  const copies = Object.keys(load.cache).filter((path) =>
    /[\\/]import-in-the-middle[\\/]index\.js$/.test(path),
  );
  const reason = /--(experimental-)?loader\b/.test(options)
    ? 'a module loader is set with --experimental-loader'
    : copies.length > 1
      ? `${copies.length} copies of import-in-the-middle are loaded`
      : undefined;
  if (reason !== undefined)
    diag.warn(`earshot: ${reason}; SDKs that the application imports as ES modules may stay uninstrumented.`);
}
