import { type Context, context, diag } from '@opentelemetry/api';
import { nowMs } from '../../call/clock.ts';
import { parseJson } from '../kit/json.ts';
import { type Foreign, foreign } from '../kit/patch.ts';
import type { RawConnection } from '../kit/raw/protocol.ts';
import { GeminiConnection } from './live-connection.ts';
import { remember, resumed } from './live-resumption.ts';
import { modelOf } from './resource.ts';

/**
 * One socket of the Live API, as it is on the wire: JSON in frames of text or of bytes, whose names may be written either
 * way. Its session begins with the first message, which says what it is.
 */
export class LiveSocket implements RawConnection {
  readonly #provider: string;
  readonly #opened: Context;
  #connection: GeminiConnection | undefined;
  #number = 0;
  /** Frames of browsers' sockets give their bytes later: they are read in their order. */
  #reading: Promise<void> | undefined;

  constructor(provider: string, opened: Context) {
    this.#provider = provider;
    this.#opened = opened;
  }

  get context(): Context {
    return this.#connection?.context ?? this.#opened;
  }

  opened(): void {}

  sent(data: unknown, atMs: number): void {
    const message = parseJson(textOf(data));
    if (!message) return;
    const setup = foreign(message.setup);
    if (setup) this.#begin(setup);
    const connection = this.#connection;
    const input = either(message, 'realtimeInput', 'realtime_input');
    if (input) connection?.sendRealtimeInput(spelledAsInSdk(input), atMs);
    const content = either(message, 'clientContent', 'client_content');
    if (content)
      connection?.sendClientContent({ turnComplete: content.turnComplete ?? content.turn_complete }, atMs);
    const answer = either(message, 'toolResponse', 'tool_response');
    if (!answer) return;
    const functionResponses = answer.functionResponses ?? answer.function_responses;
    connection?.sendToolResponse({ functionResponses }, atMs);
  }

  received(data: unknown, atMs: number): void {
    if (data instanceof Blob) this.#after(async () => this.#read(await data.text(), atMs));
    else this.#read(textOf(data), atMs);
  }

  closed(code: unknown): void {
    const atMs = nowMs();
    const close = (): void => this.#connection?.closed(this.#number, code, atMs);
    if (this.#reading) this.#after(async () => close());
    else close();
  }

  #after(read: () => Promise<void>): void {
    const before = this.#reading ?? Promise.resolve();
    this.#reading = before
      .then(read)
      .catch((error: unknown) => diag.error('earshot: reading a live message failed', error));
  }

  #begin(setup: Foreign): void {
    const { handle } = either(setup, 'sessionResumption', 'session_resumption') ?? {};
    // It belongs to where the socket was opened, and not to where this is sent.
    this.#connection = context.with(
      this.#opened,
      () =>
        resumed(handle) ?? new GeminiConnection({ provider: this.#provider, model: modelOf(setup.model) }),
    );
    this.#number = this.#connection.connecting();
  }

  #read(data: unknown, atMs: number): void {
    const connection = this.#connection;
    const message = parseJson(data);
    if (!connection || !message) return;
    if (message.setupComplete) connection.opened(this.#number);
    remember(connection, message);
    connection.received(message, atMs);
  }
}

const either = (message: Foreign, name: string, other: string): Foreign | undefined =>
  foreign(message[name] ?? message[other]);

function spelledAsInSdk(input: Foreign): Foreign {
  const chunks = input.mediaChunks ?? input.media_chunks;
  const { data, mimeType, mime_type } =
    foreign(input.audio ?? (Array.isArray(chunks) ? chunks[0] : undefined)) ?? {};
  return {
    audio: { data, mimeType: mimeType ?? mime_type },
    activityStart: input.activityStart ?? input.activity_start,
    activityEnd: input.activityEnd ?? input.activity_end,
    text: input.text,
  };
}

function textOf(data: unknown): unknown {
  if (data instanceof ArrayBuffer) return Buffer.from(data).toString('utf8');
  return data instanceof Uint8Array
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8')
    : data;
}
