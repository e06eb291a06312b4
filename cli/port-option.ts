import { isPort, PORTS } from '../model/settings.ts';
import { UsageError } from './command.ts';

/**
 * The value of `--port`; undefined where it is not given.
 * @throws UsageError for what is no port.
 */
export function readPort(text: unknown): number | undefined {
  if (text === undefined) return undefined;
  if (typeof text === 'string' && isPort(text)) return Number(text);
  throw new UsageError(`--port: saw ${String(text)}, expected ${PORTS}.`);
}
