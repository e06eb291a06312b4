import { isUtf8 } from 'node:buffer';
import type { SpanRecordEvent } from '../../../model/span-record.ts';
import { JsonAttributes } from './json-attributes.ts';
import { JsonFields } from './json-fields.ts';
import { microsOf, statusCodeOf } from './json-values.ts';
import { type DecodeLimits, MalformedError } from './limits.ts';
import { type Attributes, blankSpan, RequestSpans, type Scope } from './request-spans.ts';
import type { SpanSink } from './sink.ts';

/**
 * Reads an `ExportTraceServiceRequest` in OTLP's JSON straight into span records: ids in hex, 64-bit integers as strings
 * or numbers, bytes in base64, enums as numbers (or by their names, which some senders write). Every limit holds while it
 * reads, and unknown fields cost nothing. Gives the same span records as `decodeProtobuf`. A bad value costs its own
 * span, not the request.
 * @throws MalformedError when the body is not such JSON.
 * @throws TooLargeError when there are more spans than `limits.spans`.
 */
export function decodeJson(body: Buffer, limits: DecodeLimits, sink: SpanSink): void {
  if (!isUtf8(body)) throw new MalformedError('the body is not UTF-8');
  new JsonDecoder(body, limits, sink).request();
}

class JsonDecoder {
  readonly #fields: JsonFields;
  readonly #attributes: JsonAttributes;
  readonly #spans: RequestSpans;
  readonly #sink: SpanSink;
  readonly #mostEvents: number;

  constructor(body: Buffer, limits: DecodeLimits, sink: SpanSink) {
    this.#fields = new JsonFields(body, limits, sink);
    this.#attributes = new JsonAttributes(this.#fields, limits);
    this.#spans = new RequestSpans(limits, sink);
    this.#sink = sink;
    this.#mostEvents = limits.eventsPerSpan;
  }

  request(): void {
    this.#fields.object('the body', (key) => {
      if (key === 'resourceSpans') this.#fields.list(key, () => this.#resourceSpans());
      else this.#fields.skip();
    });
    this.#fields.end();
  }

  #resourceSpans(): void {
    let resource: Attributes = {};
    const readResource = () => {
      resource = this.#resource();
    };
    this.#fields.inOrder('resourceSpans', 'resource', readResource, 'scopeSpans', () =>
      this.#fields.list('scopeSpans', () => this.#scopeSpans(resource)),
    );
  }

  #scopeSpans(resource: Attributes): void {
    const scope: Scope = {};
    const readScope = () =>
      this.#fields.object('scope', (key) => {
        if (key === 'name') scope.scopeName = this.#fields.text(key);
        else if (key === 'version') scope.scopeVersion = this.#fields.text(key);
        else this.#fields.skip();
      });
    this.#fields.inOrder('scopeSpans', 'scope', readScope, 'spans', () =>
      this.#fields.list('spans', () => {
        this.#spans.begin();
        if (!this.#fields.attempt(() => this.#span(resource, scope))) this.#sink.refused('malformed');
      }),
    );
  }

  /** Every span of a request shares them: a bad one is left out rather than all of the spans. */
  #resource(): Attributes {
    this.#attributes.begin();
    const attributes: Attributes = {};
    this.#fields.object('resource', (key) => {
      if (key !== 'attributes') return this.#fields.skip();
      this.#fields.list(key, () => {
        if (!this.#fields.attempt(() => this.#attributes.keyValue(attributes))) this.#sink.limited();
      });
    });
    return attributes;
  }

  #span(resource: Attributes, scope: Scope): void {
    this.#attributes.begin();
    const events: SpanRecordEvent[] = [];
    const attributes: Attributes = {};
    const span = blankSpan(attributes, events, resource);
    let parentId = '';
    this.#fields.object('spans', (key) => {
      switch (key) {
        case 'traceId':
        case 'spanId':
          span[key] = this.#fields.id(key);
          break;
        case 'parentSpanId':
          parentId = this.#fields.id(key);
          break;
        case 'name':
          span.name = this.#fields.text(key) ?? '';
          break;
        case 'startTimeUnixNano':
          span.startUs = microsOf(this.#fields.scalar()) ?? 0;
          break;
        case 'endTimeUnixNano':
          span.endUs = microsOf(this.#fields.scalar()) ?? 0;
          break;
        case 'attributes':
          this.#fields.list(key, () => this.#attributes.keyValue(attributes));
          break;
        case 'events':
          this.#fields.list(key, () => {
            if (events.length < this.#mostEvents) events.push(this.#event());
            else this.#fields.leaveOut();
          });
          break;
        case 'status':
          span.statusCode = this.#statusCode();
          break;
        default:
          this.#fields.skip();
      }
    });
    this.#spans.end(span, parentId, scope);
  }

  #statusCode(): number {
    let code = 0;
    this.#fields.object('status', (key) => {
      if (key === 'code') code = statusCodeOf(this.#fields.scalar());
      else this.#fields.skip();
    });
    return code;
  }

  #event(): SpanRecordEvent {
    const event: SpanRecordEvent = { name: '', timeUs: Number.NaN };
    const attributes: Attributes = {};
    this.#fields.object('events', (key) => {
      if (key === 'timeUnixNano') event.timeUs = microsOf(this.#fields.scalar()) ?? Number.NaN;
      else if (key === 'name') event.name = this.#fields.text(key) ?? '';
      else if (key === 'attributes')
        this.#fields.list(key, () => {
          event.attributes = attributes;
          this.#attributes.keyValue(attributes);
        });
      else this.#fields.skip();
    });
    return event;
  }
}
