/**
 * Options of Node that programs with PGlite share with this test run. Its WebAssembly is 9 MB: to compile it well takes
 * longer than a short run takes, so scripts/test.mjs asks for the quick compiler, but where time is measured.
 */
export const WASM_OPTIONS: readonly string[] = process.execArgv.filter(
  (option) => option === '--liftoff-only',
);
