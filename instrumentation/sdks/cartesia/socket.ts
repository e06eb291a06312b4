import { type Context, context } from '@opentelemetry/api';
import { followsRequests } from '../../call/open-stage.ts';
import { makeRoom } from '../kit/make-room.ts';
import { type Foreign, text } from '../kit/patch.ts';
import { CartesiaSynthesis } from './synthesis.ts';

/** Syntheses that may be open on one socket; beyond it the oldest is given up. */
const MAX_CONTEXTS = 256;

/** The contexts of one Cartesia socket: each `context_id` is one synthesis, from its first text to its last audio. */
export class CartesiaSocket {
  readonly #opened: Context;
  readonly #open = new Map<string, { synthesis: CartesiaSynthesis; within: Context }>();

  /** @param opened Where the socket was opened, for what belongs to no synthesis. */
  constructor(opened: Context) {
    this.#opened = opened;
  }

  /** A socket can outlive the call that it was opened in: what a synthesis gives runs where its text was sent. */
  contextOf(message: Foreign | undefined): Context {
    return this.#open.get(String(message?.context_id))?.within ?? this.#opened;
  }

  sent(message: Foreign | undefined): void {
    const id = text(message?.context_id);
    if (!message || id === undefined) return;
    const known = this.#open.get(id);
    if (message.cancel === true) {
      this.#open.delete(id);
      known?.synthesis.cancel();
    } else if (known) known.synthesis.say(message.transcript);
    else if (text(message.transcript) !== undefined && followsRequests()) {
      makeRoom(this.#open, MAX_CONTEXTS)?.synthesis.cancel();
      this.#open.set(id, { synthesis: CartesiaSynthesis.start(message), within: context.active() });
    }
  }

  received(message: Foreign | undefined): void {
    const id = text(message?.context_id);
    const synthesis = id === undefined ? undefined : this.#open.get(id)?.synthesis;
    const type = message?.type;
    if (type === 'chunk') synthesis?.see(message);
    else if (type === 'done') {
      if (id !== undefined) this.#open.delete(id);
      synthesis?.end();
    } else if (type === 'error' && message) {
      // Without an id it is the connection's.
      if (id === undefined) this.#endAll((open) => open.fail(errorClass(message)));
      else this.#open.delete(id);
      synthesis?.fail(errorClass(message));
    }
  }

  /** The connection is gone, and with it whatever was being spoken. 1000: the application closed it. */
  closed(code: unknown): void {
    this.#endAll((synthesis) => (code === 1000 ? synthesis.cancel() : synthesis.fail('connection_closed')));
  }

  #endAll(end: (synthesis: CartesiaSynthesis) => void): void {
    const all = [...this.#open.values()];
    this.#open.clear();
    for (const { synthesis } of all) end(synthesis);
  }
}

/** The class of an error event: its code or status, never its message. */
export function errorClass(message: Foreign): string {
  const { error_code, status_code } = message;
  return text(error_code) ?? (typeof status_code === 'number' ? String(status_code) : 'error');
}
