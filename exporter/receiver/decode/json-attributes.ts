import type { JsonFields } from './json-fields.ts';
import { base64Of, booleanOf, doubleOf, integerOf } from './json-values.ts';
import type { DecodeLimits } from './limits.ts';
import type { Attributes } from './request-spans.ts';

/** Reads OTLP's attributes (`KeyValue`, `AnyValue`), bounded in number, depth and length. */
export class JsonAttributes {
  readonly #fields: JsonFields;
  readonly #limits: DecodeLimits;
  /** Attributes that the span at hand may still have. */
  #left = 0;

  constructor(fields: JsonFields, limits: DecodeLimits) {
    this.#fields = fields;
    this.#limits = limits;
  }

  /** A span begins, or a resource: it may have as many as the limits say, with those of its events. */
  begin(): void {
    this.#left = this.#limits.attributesPerSpan;
  }

  /** Sets one attribute. */
  keyValue(to: Attributes, depth = 0): void {
    if (this.#left <= 0) {
      this.#fields.leaveOut();
      return;
    }
    this.#left -= 1;
    let name = '';
    let value: unknown;
    this.#fields.object('attributes', (key) => {
      if (key === 'key') name = this.#fields.text(key) ?? '';
      else if (key === 'value') value = this.#value(depth);
      else this.#fields.skip();
    });
    // Assigned to an ordinary object, this key would change what the object is.
    if (value !== undefined && name !== '__proto__') to[name] = value;
  }

  /** An `AnyValue`; undefined when it is empty or too deep. */
  #value(depth: number): unknown {
    let value: unknown;
    this.#fields.object('value', (key) => {
      value = this.#oneOf(key, depth) ?? value;
    });
    return value;
  }

  #oneOf(key: string, depth: number): unknown {
    switch (key) {
      case 'stringValue':
        return this.#fields.text(key);
      case 'boolValue':
        return booleanOf(this.#fields.scalar());
      case 'intValue':
        return integerOf(this.#fields.scalar());
      case 'doubleValue':
        return doubleOf(this.#fields.scalar());
      case 'bytesValue':
        return base64Of(this.#fields.text(key));
      case 'arrayValue':
        return this.#nested(depth, () => this.#values(depth + 1));
      case 'kvlistValue':
        return this.#nested(depth, () => this.#keyValues(depth + 1));
      default:
        this.#fields.skip();
        return undefined;
    }
  }

  #nested<Value>(depth: number, read: () => Value): Value | undefined {
    if (this.#fields.isNull()) return undefined;
    if (depth < this.#limits.depth) return read();
    this.#fields.leaveOut();
    return undefined;
  }

  #values(depth: number): unknown[] {
    const values: unknown[] = [];
    this.#fields.object('arrayValue', (key) => {
      if (key !== 'values') return this.#fields.skip();
      this.#fields.list(key, () => {
        if (values.length >= this.#limits.listEntries || this.#left <= 0) return this.#fields.leaveOut();
        this.#left -= 1;
        values.push(this.#value(depth) ?? null);
      });
    });
    return values;
  }

  #keyValues(depth: number): Attributes {
    const attributes: Attributes = {};
    this.#fields.object('kvlistValue', (key) => {
      if (key === 'values') this.#fields.list(key, () => this.keyValue(attributes, depth));
      else this.#fields.skip();
    });
    return attributes;
  }
}
