import { diag } from '@opentelemetry/api';
import type { CallSpanProcessor, FinishedSpan } from '../../exporter/processor.ts';
import { type SpoolSettings, spoolAtExit } from '../../exporter/spool/last-resort.ts';
import { NO_DATABASE, type Settings } from '../../model/settings.ts';
import { namesCollector } from '../otel/otel-env.ts';

/** The settings that matter before the processor is there, which reads the others itself. */
export type RowWriterSettings = SpoolSettings & Pick<Settings, 'bufferSpans'>;

/** Where the spans of calls go to become rows. */
export interface Rows {
  onStart(): void;
  /** Takes a finished span. Never throws. */
  onEnd(span: FinishedSpan): void;
  /** Whether this was the last span that was taken. */
  hasTaken(span: FinishedSpan): boolean;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
  /** The process exits: what is not safe goes to the spool. */
  saveAtExit(): void;
}

/**
 * The processor that writes rows, loaded beside the application instead of before it: the pipeline behind it is half of
 * earshot. What ends until then waits, as much of it as the pipeline's own buffer takes; what does not fit is counted and
 * said. A process that exits before leaves what waits in the spool.
 */
export class RowWriter implements Rows {
  readonly #settings: RowWriterSettings;
  readonly #loading: Promise<CallSpanProcessor | undefined>;
  #processor: CallSpanProcessor | undefined;
  /** Undefined: nothing waits any more. */
  #waiting: FinishedSpan[] | undefined = [];
  #dropped = 0;
  #last: FinishedSpan | undefined;

  /** Without a database rows go nowhere, which is said, and nothing is loaded. */
  constructor(settings: RowWriterSettings) {
    this.#settings = settings;
    if (settings.databaseUrl === undefined) {
      // With a collector it is meant to be so: `earshot serve` behind it writes the rows.
      if (namesCollector()) diag.info(NO_DATABASE);
      else diag.warn(NO_DATABASE);
      this.#waiting = undefined;
      this.#loading = Promise.resolve(undefined);
      return;
    }
    this.#loading = this.#load().catch((error) => {
      this.#waiting = undefined;
      diag.error('earshot: the pipeline could not be loaded; no rows are written.', error);
      return undefined;
    });
  }

  onStart(): void {}

  onEnd(span: FinishedSpan): void {
    this.#last = span;
    if (this.#processor) this.#processor.onEnd(span);
    else if (this.#waiting === undefined) return;
    else if (this.#waiting.length < this.#settings.bufferSpans) this.#waiting.push(span);
    else this.#dropped += 1;
  }

  hasTaken(span: FinishedSpan): boolean {
    return this.#last === span;
  }

  /** See `CallSpanProcessor.forceFlush`. */
  async forceFlush(): Promise<void> {
    await (await this.#loading)?.forceFlush();
  }

  /** See `CallSpanProcessor.shutdown`. */
  async shutdown(): Promise<void> {
    await (await this.#loading)?.shutdown();
  }

  /** The process exits: what still waits for the processor goes to the spool. The processor saves what it has by itself. */
  saveAtExit(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    try {
      this.#dropped += spoolAtExit(waiting, this.#settings);
    } catch (error) {
      diag.error(
        `earshot: ${waiting.length} spans are lost: the process exits, and the spool cannot be used.`,
        error,
      );
    }
    this.#sayDropped();
  }

  async #load(): Promise<CallSpanProcessor> {
    // After the application's own `require`s: one that meets a module of ours half loaded by an import ends the process,
    // with ERR_VM_MODULE_LINK_FAILURE on Node 22.
    await new Promise((resolve) => setImmediate(resolve));
    const { CallSpanProcessor } = await import('../../exporter/processor.ts');
    const processor = new CallSpanProcessor();
    this.#processor = processor;
    for (const span of this.#waiting ?? []) processor.onEnd(span);
    this.#waiting = undefined;
    processor.missed(this.#dropped);
    this.#sayDropped();
    return processor;
  }

  #sayDropped(): void {
    if (this.#dropped > 0)
      diag.warn(
        `earshot: ${this.#dropped} spans dropped and counted: ${this.#settings.bufferSpans} waited for the pipeline to be loaded already (EARSHOT_BUFFER_SPANS).`,
      );
    this.#dropped = 0;
  }
}
