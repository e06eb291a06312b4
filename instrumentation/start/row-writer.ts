import { diag } from '@opentelemetry/api';
import type { CallSpanProcessor, FinishedSpan } from '../../exporter/processor.ts';
import { NO_DATABASE } from '../../model/settings.ts';

/** Spans that may end before the processor is loaded, which takes milliseconds. */
const MAX_WAITING = 1_024;

/**
 * The processor that writes rows, loaded beside the application instead of before it: the pipeline behind it is half of
 * earshot, and no span ends before the application runs. What ends until then waits.
 */
export class RowWriter {
  readonly #loading: Promise<CallSpanProcessor | undefined>;
  #processor: CallSpanProcessor | undefined;
  /** Undefined: nothing waits any more. */
  #waiting: FinishedSpan[] | undefined = [];

  /** @param databaseUrl Where rows go. Undefined: nowhere, which is said, and nothing is loaded. */
  constructor(databaseUrl: string | undefined) {
    if (databaseUrl === undefined) {
      diag.warn(NO_DATABASE);
      this.#waiting = undefined;
      this.#loading = Promise.resolve(undefined);
      return;
    }
    this.#loading = this.#load().catch((error) => {
      diag.error('earshot: the pipeline could not be loaded; no rows are written.', error);
      this.#waiting = undefined;
      return undefined;
    });
  }

  onStart(): void {}

  /** Takes a finished span. Never throws. */
  onEnd(span: FinishedSpan): void {
    if (this.#processor) this.#processor.onEnd(span);
    else if (this.#waiting && this.#waiting.length < MAX_WAITING) this.#waiting.push(span);
  }

  /** See `CallSpanProcessor.forceFlush`. */
  async forceFlush(): Promise<void> {
    await (await this.#loading)?.forceFlush();
  }

  /** See `CallSpanProcessor.shutdown`. */
  async shutdown(): Promise<void> {
    await (await this.#loading)?.shutdown();
  }

  async #load(): Promise<CallSpanProcessor> {
    const { CallSpanProcessor } = await import('../../exporter/processor.ts');
    const processor = new CallSpanProcessor();
    this.#processor = processor;
    for (const span of this.#waiting ?? []) processor.onEnd(span);
    this.#waiting = undefined;
    return processor;
  }
}
