/**
 * Wraps what a module exports: an ESM namespace or CommonJS exports. An SDK with two builds is patched twice; a second
 * call for the same build does nothing. Never throws.
 */
export type Patch = (moduleExports: unknown, version?: string) => void;

/** Which package is instrumented, and in which versions. */
export interface SdkPackage {
  /** As in `package.json`: `@deepgram/sdk`. It is also the name that switches the instrumentation off. */
  readonly packageName: string;
  /** Module specifiers to hook. (Default: the package name.) */
  readonly modules?: readonly string[];
  /** Version ranges that the patch was written for. */
  readonly supportedVersions: readonly string[];
  /** Version ranges of which nothing is patched: they are followed by what they say on the wire. (Default: none.) */
  readonly wireVersions?: readonly string[];
}

/** How one SDK is instrumented. */
export interface SdkInstrumentation extends SdkPackage {
  readonly patch: Patch;
}

/** What voice agents use SDKs for. */
export const USES = [
  'frameworks',
  'telephony',
  'speech to speech',
  'speech-to-text',
  'language models',
  'text-to-speech',
] as const;
export type Use = (typeof USES)[number];

/** What a function of `earshot/instrument` takes. */
export interface ByHand {
  /** In the words of a warning: `an AssemblyAI or StreamingTranscriber of assemblyai`. */
  readonly takes: string;
  /** What the SDK's module would have exported, found through what the application has. */
  exportsOf(client: unknown): unknown;
}

/**
 * An SDK that is instrumented without a line of code: what `<provider>/index.ts` says of it. What is captured, and what
 * cannot be, stands beside it in `<package name without its scope>.md`.
 */
export interface SupportedSdk extends SdkPackage {
  /** What it is used for, with what of it in brackets: `{ 'speech-to-text': 'Nova, Flux' }`. */
  readonly uses: Readonly<Partial<Record<Use, string>>>;
  /**
   * The functions of `earshot/instrument` that do the same for a bundled application, by name. A string: the export of
   * the SDK whose class or instance the function takes.
   */
  readonly byHand: Readonly<Record<string, string | ByHand>>;
  /** Loads the file that patches the SDK, when an application has loaded `moduleExports`: not before. */
  load(moduleExports: unknown): Patch;
}
