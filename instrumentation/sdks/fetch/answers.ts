import type { StageResult } from '../../call/stage.ts';
import { AnthropicAnswer } from '../anthropic/answer.ts';
import { GeminiAnswer } from '../genai/answer.ts';
import { parseJson } from '../kit/json.ts';
import type { ModelAnswer } from '../kit/requests/model-answer.ts';
import type { Answer } from '../kit/requests/sdk-request.ts';
import { ChatAnswer } from '../openai/chat-answer.ts';
import { ResponsesAnswer } from '../openai/responses-answer.ts';
import type { EventsOf } from './endpoints.ts';

const READERS: Readonly<Record<EventsOf, () => ModelAnswer>> = {
  chat: () => new ChatAnswer(undefined, false),
  responses: () => new ResponsesAnswer(undefined, false),
  messages: () => new AnthropicAnswer(undefined, false),
  gemini: () => new GeminiAnswer(undefined, false),
};

/** The longest line that is read, in bytes: what is longer is an answer with a picture in it. */
const MAX_LINE_BYTES = 1_000_000;
const NEWLINE = 0x0a;

/** An answer that comes as server-sent events, read from its bytes wherever these are cut. Nothing of it is kept. */
class EventsAnswer implements Answer {
  readonly #answer: ModelAnswer;
  readonly #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(events: EventsOf) {
    this.#answer = READERS[events]();
  }

  get begun(): boolean {
    return this.#answer.begun;
  }

  get finished(): boolean {
    return this.#answer.finished;
  }

  get failure(): string | undefined {
    return (this.#answer as Answer).failure;
  }

  add(event: unknown): boolean {
    return this.#answer.add(event);
  }

  addBytes(chunk: Uint8Array): boolean {
    let answered = false;
    for (let from = 0; from < chunk.length; ) {
      const newline = chunk.indexOf(NEWLINE, from);
      const to = newline < 0 ? chunk.length : newline;
      this.#keep(chunk.subarray(from, to), newline < 0);
      if (newline >= 0) answered = this.#lineOver() || answered;
      from = to + 1;
    }
    return answered;
  }

  /** What was estimated from half an exchange would look like what it cost: it is unknown. */
  result(): StageResult {
    const { text: _, ...result } = this.#answer.result();
    return result.usage?.estimated === true ? { ...result, usage: undefined } : result;
  }

  /** @param copies The application may use its bytes again before the line is complete. */
  #keep(piece: Uint8Array, copies: boolean): void {
    this.#bytes += piece.length;
    if (this.#bytes > MAX_LINE_BYTES) this.#pieces.length = 0;
    else if (piece.length > 0) this.#pieces.push(copies ? Uint8Array.from(piece) : piece);
  }

  #lineOver(): boolean {
    const line = this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces);
    this.#pieces.length = 0;
    this.#bytes = 0;
    const written = line && Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString('utf8');
    if (!written?.startsWith('data:')) return false;
    const event = parseJson(written.slice('data:'.length).trim());
    return event !== undefined && this.add(event);
  }
}

/** An answer that comes as one object, which is read when it is complete. A long one is not. */
class ObjectAnswer {
  readonly #of: EventsOf;
  #pieces: Uint8Array[] | undefined = [];
  #bytes = 0;

  constructor(of: EventsOf) {
    this.#of = of;
  }

  add(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_LINE_BYTES) this.#pieces = undefined;
    // The application may use its bytes again.
    else this.#pieces?.push(Uint8Array.from(chunk));
  }

  /** What it says; undefined when that is no answer. */
  read(): EventsAnswer | undefined {
    const object = this.#pieces && parseJson(Buffer.concat(this.#pieces).toString('utf8'));
    this.#pieces = undefined;
    if (!object) return undefined;
    const answer = new EventsAnswer(this.#of);
    answer.add(object);
    return answer;
  }
}

/** An answer of which nothing is known but that it comes, unless it turns out to be one that can be read. */
export class LeastAnswer implements Answer {
  #events: EventsAnswer | undefined;
  #object: ObjectAnswer | undefined;
  #begun = false;

  /** What comes are the events of a stream. */
  readsEvents(of: EventsOf): void {
    this.#events = new EventsAnswer(of);
  }

  /** What comes is one object. */
  readsObject(of: EventsOf): void {
    this.#object = new ObjectAnswer(of);
  }

  /** All of it has come. */
  complete(): void {
    this.#events ??= this.#object?.read();
  }

  get begun(): boolean {
    return this.#begun;
  }

  get finished(): boolean {
    return this.#events?.finished ?? false;
  }

  get failure(): string | undefined {
    return this.#events?.failure;
  }

  add(): boolean {
    return false;
  }

  addBytes(chunk: Uint8Array): boolean {
    this.#begun ||= chunk.byteLength > 0;
    this.#object?.add(chunk);
    return this.#events?.addBytes(chunk) ?? this.#begun;
  }

  result(): StageResult {
    return this.#events?.result() ?? {};
  }
}
