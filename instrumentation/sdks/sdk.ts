/** How one SDK is instrumented. */
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

/** An SDK that is instrumented without a line of code, as `docs/sdks.md` tells of it. */
export interface SupportedSdk extends SdkInstrumentation {
  /** What becomes of it: spans, marks, usage. */
  readonly captures: readonly string[];
  /** What cannot be captured, and why. */
  readonly limits?: readonly string[];
  /** The functions of `earshot/instrument` that do the same for a bundled application. */
  readonly byHand: readonly string[];
}
