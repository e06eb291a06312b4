import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Beyond the limit, so that a probe is answered while every place is taken: what comes here and is not a probe is
 * answered 503.
 */
const RESERVED = 32;

/**
 * The connections of a server, bounded. Only those with a request under way count: where a place is needed, the
 * connection that has been without a request for longest gives way, whether it never sent one or is kept alive.
 */
export class Connections {
  readonly #max: number;
  readonly #onRefused: () => void;
  /** Without a request, the one that has been so for longest first. */
  readonly #quiet = new Set<Socket>();
  /** With requests under way, and how many. */
  readonly #busy = new Map<Socket, number>();

  /** @param onRefused Called for each connection that is closed because all are busy. */
  constructor(max: number, onRefused: () => void) {
    this.#max = max;
    this.#onRefused = onRefused;
  }

  follow(server: Server): void {
    server.on('connection', (socket: Socket) => this.#opened(socket));
  }

  /** A request has begun. True: every place is taken, and it is to be answered without work. */
  begin({ socket }: IncomingMessage, response: ServerResponse): boolean {
    this.#quiet.delete(socket);
    this.#busy.set(socket, (this.#busy.get(socket) ?? 0) + 1);
    response.once('close', () => this.#done(socket));
    return this.#busy.size > this.#max;
  }

  #opened(socket: Socket): void {
    if (this.#quiet.size + this.#busy.size >= this.#max + RESERVED) {
      const [quietest] = this.#quiet;
      if (quietest === undefined) {
        socket.destroy();
        this.#onRefused();
        return;
      }
      this.#quiet.delete(quietest);
      quietest.destroy();
    }
    this.#quiet.add(socket);
    socket.once('close', () => {
      this.#quiet.delete(socket);
      this.#busy.delete(socket);
    });
  }

  #done(socket: Socket): void {
    const left = (this.#busy.get(socket) ?? 0) - 1;
    if (left > 0) this.#busy.set(socket, left);
    else if (this.#busy.delete(socket) && !socket.destroyed) this.#quiet.add(socket);
  }
}
