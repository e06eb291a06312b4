import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface FrontOptions {
  /** Where the next connection goes, as a URL; undefined: nowhere, it is refused. */
  next: () => string | undefined;
  /** After how many bytes, of both directions together, a new connection is cut; undefined: never. (Default: never.) */
  cutAfterBytes?: () => number | undefined;
}

/** A plain TCP load balancer, that knows nothing of HTTP or of health; and cuts connections when it is told to. */
export class Front {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  cuts = 0;

  private constructor({ next, cutAfterBytes = () => undefined }: FrontOptions) {
    this.#server = createServer((client) => {
      const url = next();
      if (url === undefined) {
        client.destroy();
        return;
      }
      const { hostname, port } = new URL(url);
      this.#join(client, connect(Number(port), hostname), cutAfterBytes());
    });
  }

  static async start(options: FrontOptions): Promise<Front> {
    const front = new Front(options);
    front.#server.listen(0, '127.0.0.1');
    await once(front.#server, 'listening');
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(client: Socket, worker: Socket, cutAfter: number | undefined): void {
    let bytes = 0;
    const end = () => {
      client.destroy();
      worker.destroy();
    };
    const count = (chunk: Buffer) => {
      bytes += chunk.length;
      if (cutAfter === undefined || bytes < cutAfter || client.destroyed) return;
      this.cuts += 1;
      end();
    };
    for (const socket of [client, worker]) {
      this.#sockets.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        end();
      });
      socket.on('data', count);
    }
    client.pipe(worker);
    worker.pipe(client);
  }
}
