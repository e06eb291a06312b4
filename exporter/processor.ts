import { diag } from '@opentelemetry/api';
import { isPlausible } from '../model/plausible.ts';
import { MAX_SCORES, SCORE_NAME, SCORE_VALUE } from '../model/scores.ts';
import { NO_DATABASE } from '../model/settings.ts';
import { type FinishedSpan, fromFinishedSpan } from '../model/span-record.ts';
import { MAX_TAGS, TAG_NAME, TAG_VALUE } from '../model/tags.ts';
import type { ReadOptions } from './dialects/dialect.ts';
import { readFact } from './dialects/index.ts';
import type { PipelineTotals } from './metrics/pipeline-metrics.ts';
import { openPipeline, type PipelineTarget } from './pipeline/open-pipeline.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import { UnreadSpans } from './pipeline/unread-spans.ts';

export type { FinishedSpan } from '../model/span-record.ts';
export { EarshotError, type ErrorCode } from './kit/errors.ts';
export type { PipelineTotals } from './metrics/pipeline-metrics.ts';

/** Where rows go. Without a database the processor does nothing, and says so once. */
export interface CallSpanProcessorOptions extends PipelineTarget {
  /**
   * Keep what was said in the spans of LiveKit and Pipecat. (Default: `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`,
   * which is off.)
   */
  captureContent?: boolean;
}

const LIMITED =
  'earshot: tags or scores of a call, or tags of the resource, are left out of the rows. ' +
  `A call has ${MAX_TAGS} tags, with names of ${TAG_NAME}, and as value ${TAG_VALUE}; ` +
  `and ${MAX_SCORES} scores, with names of ${SCORE_NAME}, and as value ${SCORE_VALUE}.`;

/**
 * An OpenTelemetry span processor that turns the spans of calls into rows. It fits SDK 2.x and 3.x and imports neither.
 *
 *     new TracerProvider({ spanProcessors: [new CallSpanProcessor({ databaseUrl }), ...] })
 *
 * `onEnd` keeps the span and no more. What it says is read when the event loop gets round, into a bounded buffer that is
 * written every 200 ms. Options beat the environment; a bad value of the environment is reported and replaced by its default.
 */
export class CallSpanProcessor {
  readonly #pipeline: Pipeline | undefined;
  readonly #reading: ReadOptions;
  readonly #unread = new UnreadSpans((span) => this.#read(span));
  #shutdown: Promise<void> | undefined;

  constructor(options: CallSpanProcessorOptions = {}) {
    const { pipeline, settings } = openPipeline(options, NO_DATABASE);
    this.#pipeline = pipeline;
    pipeline?.covers(() => this.#unread.readAll());
    let said = false;
    this.#reading = {
      captureContent: settings.captureContent,
      limited: () => {
        if (!said) diag.warn(LIMITED);
        said = true;
      },
    };
  }

  /** What was taken in, written and lost so far; undefined when the processor does nothing. */
  get totals(): PipelineTotals | undefined {
    return this.#pipeline?.metrics.totals;
  }

  onStart(): void {}

  /** Takes the span, whose facts count if it is a call's. Never throws. */
  onEnd(span: FinishedSpan): void {
    if (this.#pipeline !== undefined && this.#shutdown === undefined) this.#unread.add(span);
  }

  /** Counts spans that ended before there was a processor and found no room to wait. */
  missed(count: number): void {
    if (count > 0) this.#pipeline?.metrics.dropped(count, 'buffer_full');
  }

  /**
   * Resolves when the spans ended so far are committed, or safe on disk while the database is away.
   * @throws EarshotError when they are neither.
   */
  async forceFlush(): Promise<void> {
    await (this.#shutdown ?? this.#pipeline?.flush());
  }

  /**
   * Writes what waits, turns ended calls into rows and closes the database, within five seconds. Once: every caller
   * gets the same promise. Spans that end afterwards are ignored.
   * @throws EarshotError when spans could be saved nowhere.
   */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.#pipeline?.shutdown() ?? Promise.resolve();
    return this.#shutdown;
  }

  #read(span: FinishedSpan): void {
    try {
      const fact = readFact(fromFinishedSpan(span), this.#reading);
      if (fact === undefined) return;
      if (isPlausible(fact)) this.#pipeline?.accept(fact);
      else this.#pipeline?.metrics.dropped(1, 'implausible');
    } catch (error) {
      this.#pipeline?.metrics.dropped(1, 'unreadable');
      diag.error('earshot: a span could not be read and is dropped; the application goes on.', error);
    }
  }
}
