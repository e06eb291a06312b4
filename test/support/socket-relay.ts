import { type RawData, WebSocket } from 'ws';
import { nowMicros } from '../../demo/now.ts';
import { type Loopback, listenOnLoopback } from '../../demo/simulators/server.ts';

/** A message that passed the relay. */
export interface Passed {
  /** When it was here. Epoch microseconds. */
  readonly atMicros: number;
  readonly from: 'client' | 'server';
  /** Bytes, or text. */
  readonly data: Buffer | string;
}

/** A relay between clients and a service, which sees what both sides say, and when. */
export interface SocketRelay extends Loopback {
  /** In the order in which it passed. */
  readonly passed: readonly Passed[];
}

const HEADERS = ['authorization', 'xi-api-key', 'x-api-key', 'cartesia-version'];

/** Stands before a service on loopback. Other requests than those for sockets are refused. */
export async function startSocketRelay(target: string): Promise<SocketRelay> {
  const passed: Passed[] = [];
  const server = await listenOnLoopback({
    onRequest: (_, response) => response.writeHead(404).end(),
    onUpgrade: ({ request, url, accept, refuse }) => {
      const headers = Object.fromEntries(
        HEADERS.flatMap((name) => {
          const value = request.headers[name];
          return value === undefined ? [] : [[name, value]];
        }),
      );
      const service = new WebSocket(`${target}${url.pathname}${url.search}`, {
        headers,
        rejectUnauthorized: false,
      });
      const early: [RawData, boolean][] = [];
      const keep = (data: RawData, isBinary: boolean): void => void early.push([data, isBinary]);
      service.on('message', keep);
      service.once('error', () => refuse(502));
      service.once('open', () =>
        accept((client) => {
          const join = (from: Passed['from'], to: WebSocket) => (data: RawData, isBinary: boolean) => {
            passed.push({ atMicros: nowMicros(), from, data: isBinary ? (data as Buffer) : String(data) });
            to.send(data, { binary: isBinary });
          };
          const back = join('server', client);
          service.off('message', keep);
          for (const [data, isBinary] of early) back(data, isBinary);
          service.on('message', back);
          client.on('message', join('client', service));
          client.on('error', () => {});
          client.on('close', () => service.close());
          service.on('close', () => client.close(1000));
        }),
      );
    },
  });
  return { ...server, passed };
}
