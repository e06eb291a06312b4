/** The folder of this test run, from scripts/test.mjs: what its test files share. Undefined where a file runs without it. */
export function runFolder(): string | undefined {
  return (JSON.parse(process.env.TEST_RUN ?? '{}') as { folder?: string }).folder;
}
