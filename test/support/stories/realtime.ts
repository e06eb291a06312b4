import { Call } from '../../../instrumentation/call/call.ts';
import { nowMs } from '../../../instrumentation/call/clock.ts';
import { RealtimeConnection } from '../../../instrumentation/sdks/openai/realtime-connection.ts';
import { Story } from '../facts.ts';
import { takeFacts } from '../spans.ts';

const MULAW = { type: 'audio/pcmu' };

/** A connection inside a call. The story lies in the past, so that no timer waits for it; instants are seconds. */
export class Conversation {
  readonly call: Call;
  readonly connection: RealtimeConnection;
  readonly startMs = nowMs() - 600_000;

  constructor(input: object = {}) {
    takeFacts();
    this.call = new Call({ at: this.at(0) });
    const known = { provider: 'openai', model: 'gpt-realtime' };
    this.connection = new RealtimeConnection(known, this.call.context);
    this.connection.opened();
    this.server(0, 'session.created', {
      session: {
        type: 'realtime',
        model: 'gpt-realtime-2025-08-28',
        audio: {
          input: {
            format: MULAW,
            transcription: { model: 'whisper-1' },
            turn_detection: SERVER_VAD,
            ...input,
          },
          output: { format: MULAW },
        },
      },
    });
  }

  at(seconds: number): number {
    return this.startMs + seconds * 1_000;
  }

  us(seconds: number): number {
    return Math.round(this.at(seconds) * 1_000);
  }

  /** Sends mu-law in frames of 20 ms, the last of them at `until`. */
  audio(from: number, until: number): void {
    const frames = Math.round((until - from) * 50);
    for (let i = 1; i <= frames; i++) this.connection.audioSent(160, this.at(from) + i * 20);
  }

  server(seconds: number, type: string, event: object = {}): void {
    this.connection.server({ type, ...event }, this.at(seconds));
  }

  client(seconds: number, type: string, event: object = {}): void {
    this.connection.client({ type, ...event }, this.at(seconds));
  }

  /** What the server says when it answers by itself, or was asked to. */
  answers(from: number, id = 'resp'): void {
    this.server(from, 'response.created', { response: { id } });
    this.server(from + 0.3, 'response.output_audio.delta', {
      response_id: id,
      delta: Buffer.alloc(8_000).toString('base64'),
    });
    this.server(from + 0.5, 'response.done', { response: { id, status: 'completed', output: [] } });
  }

  end(seconds: number): Story {
    this.connection.closed(this.at(seconds), { final: true });
    this.call.end({ at: this.at(seconds) });
    return new Story(takeFacts());
  }
}

export const SERVER_VAD = {
  type: 'server_vad',
  prefix_padding_ms: 200,
  silence_duration_ms: 400,
  create_response: true,
  interrupt_response: true,
};
