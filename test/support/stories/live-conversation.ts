import { Call } from '../../../instrumentation/call/call.ts';
import { nowMs } from '../../../instrumentation/call/clock.ts';
import type { StageFact, TurnFact } from '../../../model/facts.ts';
import { takeFacts } from '../spans.ts';

/** What a translator of live transcription is told beside its messages. */
interface Connection {
  sent(bytes: number, atMs: number): void;
}

/** What a conversation led to. */
export interface ConversationFacts {
  readonly turns: TurnFact[];
  readonly stt: StageFact[];
}

/** A call in which someone is listened to: mulaw at 8 kHz, sent in real time from {@link startMs} on. */
export class LiveConversation<C extends Connection> {
  readonly call = new Call();
  readonly startMs = nowMs() - 60_000;
  readonly connection: C;

  /** @param connect Makes the connection in the context of the call. */
  constructor(connect: (call: Call) => C) {
    takeFacts();
    this.connection = connect(this.call);
  }

  /** Sends audio in frames of 20 ms; the last one is sent at `until`. */
  audio(from: number, until: number): void {
    const frames = Math.round((until - from) * 50);
    for (let i = 1; i <= frames; i++) this.connection.sent(160, this.at(from) + i * 20);
  }

  /** The instant of a position in the audio. */
  at(seconds: number): number {
    return this.startMs + seconds * 1_000;
  }

  /** The same in microseconds, as facts have it. */
  us(seconds: number): number {
    return Math.round(this.at(seconds) * 1_000);
  }

  /** Ends the call. */
  end(): ConversationFacts {
    this.call.end();
    const facts = takeFacts();
    return {
      turns: facts.filter((fact): fact is TurnFact => fact.type === 'turn'),
      stt: facts.filter((fact): fact is StageFact => fact.type === 'stage' && fact.stage === 'stt'),
    };
  }
}

/** The seconds of audio of each stage. */
export const audioSeconds = (stt: readonly StageFact[]): (number | undefined)[] =>
  stt.map(({ usage }) => usage?.audioSeconds);
