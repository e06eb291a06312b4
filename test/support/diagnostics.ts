import type { TestContext } from 'node:test';
import { inspect } from 'node:util';
import { DiagLogLevel, diag } from '@opentelemetry/api';

/** What was said through `diag` during the test: each line with its arguments, as a logger could print them. */
export interface Diagnostics {
  readonly error: string[];
  readonly warn: string[];
  readonly info: string[];
}

/** Records what is said through `diag` until the test ends. */
export function recordDiagnostics(t: TestContext): Diagnostics {
  const lines: Diagnostics = { error: [], warn: [], info: [] };
  const into =
    (list: string[]) =>
    (...args: unknown[]) =>
      list.push(args.map((arg) => (typeof arg === 'string' ? arg : inspect(arg))).join(' '));
  diag.setLogger(
    { error: into(lines.error), warn: into(lines.warn), info: into(lines.info), debug() {}, verbose() {} },
    { logLevel: DiagLogLevel.INFO, suppressOverrideMessage: true },
  );
  t.after(() => diag.disable());
  return lines;
}
