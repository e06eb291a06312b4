import { openStage } from '../../call/open-stage.ts';
import { openRecordedSpeech } from '../../call/recorded-speech.ts';
import { SdkRequest } from '../kit/requests/sdk-request.ts';
import { LeastAnswer } from './answers.ts';
import type { Endpoint } from './endpoints.ts';

/** What is known of a request when it is made. */
export interface LeastFacts {
  readonly endpoint: Endpoint;
  readonly provider: string;
  readonly model: string | undefined;
}

/** What an answer says of itself before its body. */
export interface LeastHead {
  readonly status: number;
  readonly contentType: string;
  /** Its bytes are compressed. */
  readonly encoded: boolean;
}

/** A request that no SDK's file has seen, in the context that it is made in: whatever it shows on the wire. */
export class LeastRequest {
  readonly #endpoint: Endpoint;
  readonly #answer = new LeastAnswer();
  readonly #request: SdkRequest;
  #see: ((chunk: Uint8Array) => void) | undefined;
  #status = 0;

  constructor({ endpoint, provider, model }: LeastFacts) {
    this.#endpoint = endpoint;
    const stage =
      endpoint.kind === 'stt'
        ? openRecordedSpeech({ provider, model }, () => ({}))
        : openStage(endpoint.kind, { provider, model });
    this.#request = new SdkRequest(stage, this.#answer);
  }

  /** The head of the answer came. */
  responded({ status, contentType, encoded }: LeastHead): void {
    this.#status = status;
    const { events } = this.#endpoint;
    if (events && !encoded) {
      if (contentType.startsWith('text/event-stream')) this.#answer.readsEvents(events);
      else if (contentType.startsWith('application/json')) this.#answer.readsObject(events);
    }
    const tap = this.#request.bodyTap();
    this.#see = (chunk) => {
      tap.begin?.();
      tap.see(chunk);
    };
  }

  /** A piece of the body came. */
  chunk(bytes: Uint8Array): void {
    if (this.#status < 400) this.#see?.(bytes);
  }

  /** The body is complete. */
  ended(): void {
    // What it was sent on to is another request.
    if (this.#status >= 300 && this.#status < 400) this.#request.cancel();
    else if (this.#status >= 400) this.#request.fail(String(this.#status));
    else {
      this.#answer.complete();
      this.#request.end();
    }
  }

  /** The application wants no more of it. */
  left(): void {
    this.#request.cancel();
  }

  failed(error: unknown): void {
    this.#request.fail(error);
  }
}
