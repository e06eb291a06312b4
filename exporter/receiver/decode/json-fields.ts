import { type JsonKind, JsonReader, SyntaxFault } from './json-reader.ts';
import { hexOf, type Scalar } from './json-values.ts';
import { type DecodeLimits, MalformedError } from './limits.ts';
import type { SpanSink } from './sink.ts';

/** JSON's values as OTLP's fields: null is absent, a value of another type than expected is malformed, texts are cut off. */
export class JsonFields {
  readonly #reader: JsonReader;
  readonly #limits: DecodeLimits;
  readonly #sink: SpanSink;

  constructor(body: Buffer, limits: DecodeLimits, sink: SpanSink) {
    this.#reader = new JsonReader(body);
    this.#limits = limits;
    this.#sink = sink;
  }

  /** Over a value that is not known here. */
  skip(): void {
    this.#reader.skip();
  }

  /** Over a value that a limit leaves out. */
  leaveOut(): void {
    this.#sink.limited();
    this.#reader.skip();
  }

  /** True when the next value is null, which is then read. */
  isNull(): boolean {
    return this.#reader.isNull();
  }

  /** @throws SyntaxFault when anything is left. */
  end(): void {
    this.#reader.end();
  }

  /**
   * Reads what has the type that it should have. False: it has not, and is stepped over.
   * @throws SyntaxFault when it is not JSON, TooLargeError.
   */
  attempt(read: () => void): boolean {
    const { position } = this.#reader;
    try {
      read();
      return true;
    } catch (error) {
      if (!(error instanceof MalformedError) || error instanceof SyntaxFault) throw error;
      this.#reader.seek(position);
      this.#reader.skip();
      return false;
    }
  }

  /** Reads an object of two fields, the first before the second, in whichever order they come. */
  inOrder(what: string, first: string, readFirst: () => void, second: string, readSecond: () => void): void {
    let seen = false;
    const waiting: number[] = [];
    this.object(what, (key) => {
      if (key === first) {
        seen = true;
        readFirst();
      } else if (key === second && seen) readSecond();
      else {
        if (key === second) waiting.push(this.#reader.position);
        this.#reader.skip();
      }
    });
    const end = this.#reader.position;
    for (const position of waiting) {
      this.#reader.seek(position);
      readSecond();
    }
    this.#reader.seek(end);
  }

  /** In protobuf's JSON, null is the same as absent. `field` must read or skip its value. */
  object(what: string, field: (key: string) => void): void {
    if (this.#is('object', what, 'an object')) this.#reader.object(field);
  }

  list(what: string, item: () => void): void {
    if (this.#is('list', what, 'a list')) this.#reader.list(item);
  }

  text(what: string): string | undefined {
    if (!this.#is('string', what, 'a string')) return undefined;
    const { text, cut } = this.#reader.string(this.#limits.valueLength);
    if (cut) this.#sink.limited();
    return text;
  }

  id(what: string): string {
    return this.#is('string', what, 'a string of hex digits') ? hexOf(this.#reader.string(64).text) : '';
  }

  /** A string, number or boolean; undefined for null, and null for anything else. */
  scalar(): Scalar {
    switch (this.#reader.kind()) {
      case 'string':
        return this.#reader.string(this.#limits.valueLength).text;
      case 'number':
        return this.#reader.number();
      case 'boolean':
        return this.#reader.boolean();
      case 'null':
        this.#reader.isNull();
        return undefined;
      default:
        this.#reader.skip();
        return null;
    }
  }

  /** False: it is null, which is read. */
  #is(kind: JsonKind, what: string, expected: string): boolean {
    if (this.#reader.isNull()) return false;
    if (this.#reader.kind() !== kind) throw new MalformedError(`${what}: expected ${expected}`);
    return true;
  }
}
