import { once } from 'node:events';
import { WebSocket } from 'ws';

/** What the agent's side of a stream sends, as the carrier understands it. */
export type Heard =
  | { readonly kind: 'audio'; readonly ms: number }
  | { readonly kind: 'mark'; readonly name: string }
  | { readonly kind: 'clear' };

/** A carrier's protocol, from the carrier's side, and how an application speaks to it. */
export interface CarrierProtocol {
  /** The id that a call has. */
  readonly id: string;
  /** The messages that begin a stream, with parameters of the application's own. */
  begin(parameters: Readonly<Record<string, string>>): readonly unknown[];
  /** 20 ms of the caller. */
  readonly frame: unknown;
  key(digit: string): unknown;
  /** What it says when everything before a mark was heard. */
  played(name: string): unknown;
  /** What it says after a clear, with the marks that were thrown away. */
  cleared(marks: readonly string[]): readonly unknown[];
  /** What it says before it closes. */
  readonly stop?: unknown;
  hear(message: Buffer, isBinary: boolean): Heard | undefined;
  /** What an application sends. */
  readonly app: { audio(ms: number): string | Buffer; mark(name: string): string; readonly clear: string };
}

const json = JSON.stringify;
const base64 = (bytes: number): string => Buffer.alloc(bytes, 1).toString('base64');
const read = (message: Buffer) => JSON.parse(message.toString('utf8'));
const base64Ms = (payload: string, bytesPerMs: number) => Buffer.from(payload, 'base64').length / bytesPerMs;

/** Twilio's protocol, which SignalWire speaks too. */
const twilioShaped = (id: string, stream: string, format: object, bytesPerMs: number): CarrierProtocol => ({
  id,
  begin: (customParameters) => [
    { event: 'connected', protocol: 'Call', version: '0.2.0' },
    {
      event: 'start',
      sequenceNumber: '1',
      start: {
        accountSid: 'AC1',
        streamSid: stream,
        callSid: id,
        tracks: ['inbound'],
        mediaFormat: format,
        customParameters,
      },
      streamSid: stream,
    },
  ],
  frame: {
    event: 'media',
    sequenceNumber: '2',
    media: { track: 'inbound', chunk: '1', timestamp: '20', payload: base64(20 * bytesPerMs) },
  },
  key: (digit) => ({ event: 'dtmf', streamSid: stream, dtmf: { track: 'inbound_track', digit } }),
  played: (name) => ({ event: 'mark', streamSid: stream, mark: { name } }),
  cleared: (marks) => marks.map((name) => ({ event: 'mark', streamSid: stream, mark: { name } })),
  stop: { event: 'stop', stop: { accountSid: 'AC1', callSid: id } },
  hear: (message) => {
    const { event, media, mark } = read(message);
    if (event === 'media') return { kind: 'audio', ms: base64Ms(media.payload, bytesPerMs) };
    return event === 'mark' ? { kind: 'mark', name: mark.name } : { kind: 'clear' };
  },
  app: {
    audio: (ms) => json({ event: 'media', streamSid: stream, media: { payload: base64(ms * bytesPerMs) } }),
    mark: (name) => json({ event: 'mark', streamSid: stream, mark: { name } }),
    clear: json({ event: 'clear', streamSid: stream }),
  },
});

/** Telnyx media streaming in a codec. */
export const telnyx = (encoding: string, rate: number, bytesPerMs: number): CarrierProtocol => {
  const stream = '32de0dea-53cb-4b21-89a4-9e1819c043bc';
  const id = 'v3:T02llQxIyaRkhfRKxgAP8nY511EhFLizdvdUKJiSw8d6A9BborherQ';
  return {
    id,
    begin: (parameters) => [
      { event: 'connected', version: '1.0.0' },
      {
        event: 'start',
        sequence_number: '1',
        start: {
          user_id: '3e6f995f-85f7-4705-9741-53b116d28237',
          call_control_id: id,
          call_session_id: 'ff55a038-6f5d-11ef-9692-02420aeffb1f',
          from: '+13122010094',
          to: '+13122123456',
          client_state: Buffer.from(json(parameters)).toString('base64'),
          media_format: { encoding, sample_rate: rate, channels: 1 },
        },
        stream_id: stream,
      },
    ],
    frame: {
      event: 'media',
      sequence_number: '4',
      media: { track: 'inbound', chunk: '2', timestamp: '20', payload: base64(20 * bytesPerMs) },
      stream_id: stream,
    },
    key: (digit) => ({ event: 'dtmf', stream_id: stream, sequence_number: '5', dtmf: { digit } }),
    played: (name) => ({ event: 'mark', sequence_number: '4', mark: { name }, stream_id: stream }),
    cleared: (marks) => marks.map((name) => ({ event: 'mark', mark: { name }, stream_id: stream })),
    stop: {
      event: 'stop',
      sequence_number: '5',
      stop: { user_id: '3e', call_control_id: id },
      stream_id: stream,
    },
    hear: (message) => {
      const { event, media, mark } = read(message);
      if (event === 'media') return { kind: 'audio', ms: base64Ms(media.payload, bytesPerMs) };
      return event === 'mark' ? { kind: 'mark', name: mark.name } : { kind: 'clear' };
    },
    app: {
      audio: (ms) => json({ event: 'media', media: { payload: base64(ms * bytesPerMs) } }),
      mark: (name) => json({ event: 'mark', mark: { name } }),
      clear: json({ event: 'clear' }),
    },
  };
};

/** Plivo audio streaming; `encoding` and `rate` are of what the application sends. */
export const plivo = (encoding: string, rate: number, bytesPerMs: number): CarrierProtocol => {
  const streamId = 'b77e037d-4119-44b5-902d-25826b654539';
  const id = '39f8dc52-1af5-4d9f-a47a-e4d8fc0b0bd5';
  return {
    id,
    begin: (parameters) => [
      {
        sequenceNumber: 0,
        event: 'start',
        start: {
          callId: id,
          streamId,
          accountId: '10',
          tracks: ['inbound'],
          mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000 },
        },
        extra_headers: Object.entries(parameters)
          .map(([name, value]) => `${name}=${value}`)
          .join(';'),
      },
    ],
    frame: {
      sequenceNumber: 1,
      streamId,
      event: 'media',
      media: { track: 'inbound', timestamp: '1764432000000', chunk: 1, payload: base64(160) },
    },
    key: (digit) => ({ event: 'dtmf', sequenceNumber: 3, streamId, dtmf: { track: 'inbound', digit } }),
    played: (name) => ({ event: 'playedStream', sequenceNumber: 4, streamId, name }),
    cleared: () => [{ event: 'clearedAudio', sequenceNumber: 5, streamId }],
    hear: (message) => {
      const { event, media, name } = read(message);
      if (event === 'playAudio') return { kind: 'audio', ms: base64Ms(media.payload, bytesPerMs) };
      return event === 'checkpoint' ? { kind: 'mark', name } : { kind: 'clear' };
    },
    app: {
      audio: (ms) =>
        json({
          event: 'playAudio',
          media: { contentType: encoding, sampleRate: rate, payload: base64(ms * bytesPerMs) },
        }),
      mark: (name) => json({ event: 'checkpoint', streamId, name }),
      clear: json({ event: 'clearAudio', streamId }),
    },
  };
};

/** Vonage WebSockets at a rate. The application has put the call's id into the headers of the endpoint. */
export const vonage = (rate: number): CarrierProtocol => {
  const id = '63f61863-4a51-4f6b-86e1-46edebcf9356';
  const bytesPerMs = rate / 500;
  return {
    id,
    begin: (parameters) => [
      { event: 'websocket:connected', 'content-type': `audio/l16;rate=${rate}`, uuid: id, ...parameters },
    ],
    frame: Buffer.alloc(20 * bytesPerMs, 1),
    key: (digit) => ({ event: 'websocket:dtmf', digit, duration: 260 }),
    played: (name) => ({ event: 'websocket:notify', payload: { name } }),
    cleared: () => [{ event: 'websocket:cleared' }],
    hear: (message, isBinary) => {
      if (isBinary) return { kind: 'audio', ms: message.length / bytesPerMs };
      const { action, payload } = read(message);
      return action === 'notify' ? { kind: 'mark', name: payload.name } : { kind: 'clear' };
    },
    app: {
      audio: (ms) => Buffer.alloc(ms * bytesPerMs, 1),
      mark: (name) => json({ action: 'notify', payload: { name } }),
      clear: json({ action: 'clear' }),
    },
  };
};

export const twilio = (): CarrierProtocol =>
  twilioShaped(
    'CA00000000000000000000000000000001',
    'MZ1',
    { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
    8,
  );

/** SignalWire's `<Stream codec="…">`. */
export const signalwire = (rate: 8_000 | 16_000 | 24_000): CarrierProtocol =>
  twilioShaped(
    '9fbd3cb6-a6ba-4e9f-9b50-0fe4b3f3d4a4',
    'a1b2c3d4-1111-4222-8333-944445555666',
    { encoding: rate === 8_000 ? 'audio/x-mulaw' : 'audio/x-L16', sampleRate: rate, channels: 1 },
    rate === 8_000 ? 8 : rate / 500,
  );

/** A call of a carrier: what the agent sends is played in real time, marks come back when they were reached. */
export class CarrierLine {
  readonly #protocol: CarrierProtocol;
  readonly #ws: WebSocket;
  readonly #marks = new Map<NodeJS.Timeout, string>();
  #playedUntil = 0;
  /** Milliseconds of audio that came. */
  heardMs = 0;

  private constructor(protocol: CarrierProtocol, ws: WebSocket) {
    this.#protocol = protocol;
    this.#ws = ws;
    ws.on('message', (data, isBinary) => this.#take(protocol.hear(data as Buffer, isBinary)));
    ws.on('close', () => this.#forget());
    ws.on('error', () => {});
  }

  static async dial(
    url: string,
    protocol: CarrierProtocol,
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<CarrierLine> {
    const ws = new WebSocket(url);
    const line = new CarrierLine(protocol, ws);
    await once(ws, 'open');
    for (const message of protocol.begin(parameters)) line.say(message);
    return line;
  }

  say(message: unknown): void {
    this.#ws.send(Buffer.isBuffer(message) ? message : json(message));
  }

  press(digit: string): void {
    this.say(this.#protocol.key(digit));
  }

  /** The caller hangs up. */
  hangUp(): void {
    if (this.#protocol.stop !== undefined) this.say(this.#protocol.stop);
    this.#ws.close(1000);
  }

  /** The network breaks. */
  breakOff(): void {
    this.#ws.terminate();
  }

  #take(heard: Heard | undefined): void {
    const now = performance.now();
    if (heard?.kind === 'audio') {
      this.heardMs += heard.ms;
      this.#playedUntil = Math.max(now, this.#playedUntil) + heard.ms;
    } else if (heard?.kind === 'mark') {
      const timer = setTimeout(() => {
        this.#marks.delete(timer);
        this.say(this.#protocol.played(heard.name));
      }, this.#playedUntil - now);
      this.#marks.set(timer, heard.name);
    } else if (heard?.kind === 'clear') {
      this.#playedUntil = 0;
      const marks = this.#forget();
      for (const message of this.#protocol.cleared(marks)) this.say(message);
    }
  }

  #forget(): string[] {
    const marks = [...this.#marks.values()];
    for (const timer of this.#marks.keys()) clearTimeout(timer);
    this.#marks.clear();
    return marks;
  }
}
