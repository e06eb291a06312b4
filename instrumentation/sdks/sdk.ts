/** How one SDK is instrumented. A file of this folder exports one; `index.ts` lists them. */
export interface SdkInstrumentation {
  /** As in `package.json`: `@deepgram/sdk`. It is also the name that switches the instrumentation off. */
  readonly packageName: string;
  /** Module specifiers to hook. (Default: the package name.) */
  readonly modules?: readonly string[];
  /** Version ranges that the patch was written for. */
  readonly supportedVersions: readonly string[];
  /**
   * Wraps what the module exports: an ESM namespace or CommonJS exports. An SDK with two builds is patched twice; to be
   * called again for the same build does nothing. Never throws.
   */
  patch(moduleExports: unknown, version?: string): void;
}
