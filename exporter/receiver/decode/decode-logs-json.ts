import { isUtf8 } from 'node:buffer';
import { JsonAttributes } from './json-attributes.ts';
import { JsonFields } from './json-fields.ts';
import { microsOf } from './json-values.ts';
import { type DecodeLimits, MalformedError, TooLargeError } from './limits.ts';
import { blankRecord, type LogSink } from './log-record.ts';
import type { Attributes } from './request-spans.ts';

/**
 * Reads an `ExportLogsServiceRequest` in OTLP's JSON, as `decodeJson` reads one of spans.
 * @throws MalformedError when the body is not such JSON.
 * @throws TooLargeError when more wanted records than `limits.spans` are in it.
 */
export function decodeLogsJson(body: Buffer, limits: DecodeLimits, sink: LogSink): void {
  if (!isUtf8(body)) throw new MalformedError('the body is not UTF-8');
  new LogsDecoder(body, limits, sink).request();
}

class LogsDecoder {
  readonly #fields: JsonFields;
  readonly #attributes: JsonAttributes;
  readonly #sink: LogSink;
  readonly #most: number;
  #count = 0;

  constructor(body: Buffer, limits: DecodeLimits, sink: LogSink) {
    const limited = { span: () => {}, refused: () => {}, limited: () => sink.limited() };
    this.#fields = new JsonFields(body, limits, limited);
    this.#attributes = new JsonAttributes(this.#fields, limits);
    this.#sink = sink;
    this.#most = limits.spans;
  }

  request(): void {
    this.#fields.object('the body', (key) => {
      if (key === 'resourceLogs') this.#fields.list(key, () => this.#resourceLogs());
      else this.#fields.skip();
    });
    this.#fields.end();
  }

  #resourceLogs(): void {
    const resource: Attributes = {};
    const readResource = () => this.#describe('resource', resource);
    this.#fields.inOrder('resourceLogs', 'resource', readResource, 'scopeLogs', () =>
      this.#fields.list('scopeLogs', () => this.#scopeLogs(resource)),
    );
  }

  #scopeLogs(resource: Attributes): void {
    const scope: Attributes = {};
    let name = '';
    const readScope = () => {
      name = this.#describe('scope', scope);
    };
    this.#fields.inOrder('scopeLogs', 'scope', readScope, 'logRecords', () => {
      if (!this.#sink.wants(name)) return this.#fields.skip();
      this.#fields.list('logRecords', () => this.#record(resource, name, scope));
    });
  }

  /** Reads the attributes of a resource or a scope, and gives its name. */
  #describe(what: string, attributes: Attributes): string {
    let name = '';
    this.#attributes.begin();
    this.#fields.object(what, (key) => {
      if (key === 'attributes') this.#fields.list(key, () => this.#attributes.keyValue(attributes));
      else if (key === 'name') name = this.#fields.text(key) ?? '';
      else this.#fields.skip();
    });
    return name;
  }

  #record(resource: Attributes, scopeName: string, scope: Attributes): void {
    this.#count += 1;
    if (this.#count > this.#most) throw new TooLargeError(`the request has more than ${this.#most} records`);
    this.#attributes.begin();
    const record = blankRecord(resource, scopeName, scope);
    let observedUs = Number.NaN;
    // A bad value costs its own record, as one of a span costs its span.
    const isRead = this.#fields.attempt(() =>
      this.#fields.object('logRecords', (key) => {
        if (key === 'timeUnixNano') record.timeUs = microsOf(this.#fields.scalar()) ?? Number.NaN;
        else if (key === 'observedTimeUnixNano') observedUs = microsOf(this.#fields.scalar()) ?? Number.NaN;
        else if (key === 'body') record.body = this.#body();
        else if (key === 'attributes')
          this.#fields.list(key, () => this.#attributes.keyValue(record.attributes));
        else this.#fields.skip();
      }),
    );
    // Of an event that does not say when it was: when it was seen.
    if (!(record.timeUs > 0)) record.timeUs = observedUs;
    if (isRead) this.#sink.record(record);
    else this.#sink.limited();
  }

  #body(): string {
    let body = '';
    this.#fields.object('body', (key) => {
      if (key === 'stringValue') body = this.#fields.text(key) ?? '';
      else this.#fields.skip();
    });
    return body;
  }
}
