import type { Database } from '../../exporter/store/index.ts';
import type { Settings } from '../../model/settings.ts';

/** What a tool may use. */
export interface ToolContext {
  readonly db: Database;
  readonly settings: Settings;
  /** What was said may be shown. */
  readonly content: boolean;
  /** Only calls of these tenants. Undefined: of all. */
  readonly tenants: readonly string[] | undefined;
}

type JsonSchema = Readonly<Record<string, unknown>>;

/** One thing that a model can ask. It reads, and changes nothing. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  /** For the model: what it gives, and when to use it. */
  readonly description: string;
  /** JSON Schema of the arguments, by name. What does not fit is refused before `run`. */
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  /** The longest list of the answer, which is shortened where the answer is too long. */
  readonly list?: string;
  /** @throws UsageError or CommandError, whose message the model gets. */
  run(given: Readonly<Record<string, unknown>>, context: ToolContext): Promise<object>;
}

/** How many entries of a list are wanted. */
export const limitProperty = (most: number, usual: number): JsonSchema => ({
  type: 'integer',
  minimum: 1,
  maximum: most,
  description: `How many at most (default ${usual})`,
});

export const limitOf = (given: Readonly<Record<string, unknown>>, usual: number): number =>
  typeof given.limit === 'number' ? given.limit : usual;
