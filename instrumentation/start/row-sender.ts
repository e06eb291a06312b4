import { context, diag } from '@opentelemetry/api';
import { spoolAtExit } from '../../exporter/spool/last-resort.ts';
import type { FinishedSpan } from '../../model/span-record.ts';
import { suppressTracing } from '../../model/suppressed.ts';
import { load } from '../otel/lazy.ts';
import { otlpJson } from './otlp-json.ts';
import type { Rows, RowWriterSettings } from './row-writer.ts';

const SEND_EVERY_MS = 200;
const RETRY_EVERY_MS = 1_000;
const SPANS_PER_REQUEST = 500;
const ANSWER_TIMEOUT_MS = 5_000;

/**
 * The place of `RowWriter` under `earshot watch`: spans go there, and it writes the rows. What is not acknowledged when
 * the process exits goes to the spool, where it is looked for.
 */
export class RowSender implements Rows {
  readonly #url: URL;
  readonly #settings: RowWriterSettings;
  /** Imported, it would load all that Node has for `fetch` as well, at every start. */
  readonly #http: typeof import('node:http') = load('node:http');
  readonly #agent = new this.#http.Agent({ keepAlive: true, maxSockets: 1 });
  /** Until they are acknowledged. */
  readonly #waiting: FinishedSpan[] = [];
  #dropped = 0;
  #last: FinishedSpan | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<boolean> | undefined;

  constructor(url: string, settings: RowWriterSettings) {
    this.#url = new URL('/v1/traces', url);
    this.#settings = settings;
  }

  onStart(): void {}

  onEnd(span: FinishedSpan): void {
    this.#last = span;
    if (this.#waiting.length >= this.#settings.bufferSpans) this.#dropped += 1;
    else this.#waiting.push(span);
    this.#sendIn(SEND_EVERY_MS);
  }

  hasTaken(span: FinishedSpan): boolean {
    return this.#last === span;
  }

  /** Resolves when what has ended is acknowledged, or could not be delivered. */
  async forceFlush(): Promise<void> {
    let left = this.#waiting.length;
    while (left > 0 && (await this.#sendNext())) left -= SPANS_PER_REQUEST;
  }

  async shutdown(): Promise<void> {
    await this.forceFlush();
    this.#agent.destroy();
  }

  saveAtExit(): void {
    const waiting = this.#waiting.splice(0);
    try {
      this.#dropped += spoolAtExit(waiting, this.#settings);
    } catch (error) {
      diag.error(
        `earshot: ${waiting.length} spans are lost: the process exits, and the spool cannot be used.`,
        error,
      );
    }
    if (this.#dropped > 0)
      diag.warn(
        `earshot: ${this.#dropped} spans are lost: earshot watch did not take them, and too many waited (EARSHOT_BUFFER_SPANS).`,
      );
  }

  #sendIn(delayMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#sendNext().then((sent) => {
        if (this.#waiting.length > 0) this.#sendIn(sent ? 0 : RETRY_EVERY_MS);
      });
    }, delayMs).unref();
  }

  /** One request at a time. False when it was not acknowledged; its spans wait for another then. */
  #sendNext(): Promise<boolean> {
    const before = this.#sending ?? Promise.resolve(true);
    this.#sending = before.then(() => this.#send(this.#waiting.slice(0, SPANS_PER_REQUEST)));
    return this.#sending;
  }

  async #send(spans: readonly FinishedSpan[]): Promise<boolean> {
    if (spans.length === 0) return true;
    const status = await this.#post(otlpJson(spans)).catch((error: unknown) => error as Error);
    const acknowledged = status === 200;
    // Neither is one that will never be taken sent again.
    const refused = status === 400 || status === 413;
    if (refused)
      diag.warn(`earshot: ${spans.length} spans are lost: earshot watch refuses them (${status}).`);
    else if (!acknowledged)
      diag.info(`earshot: ${this.#url.origin} (earshot watch) did not take spans; they are sent again.`);
    if (acknowledged || refused) this.#waiting.splice(0, spans.length);
    return acknowledged || refused;
  }

  #post(body: string): Promise<number | undefined> {
    // The application's own instrumentation must not see this request.
    return context.with(
      suppressTracing(context.active()),
      () =>
        new Promise<number | undefined>((resolve, reject) => {
          const headers = {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
          };
          const sent = this.#http.request(
            this.#url,
            { method: 'POST', agent: this.#agent, headers, timeout: ANSWER_TIMEOUT_MS },
            (response) => {
              response.resume().once('end', () => resolve(response.statusCode));
              response.once('error', reject);
            },
          );
          sent.once('timeout', () => sent.destroy(new Error('no answer')));
          sent.once('error', reject);
          sent.end(body);
        }),
    );
  }
}
