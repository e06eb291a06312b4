import type { IncomingMessage, ServerResponse } from 'node:http';
import { Faults } from './fault.ts';
import { createRandom, type Random } from './random.ts';
import { listenOnLoopback, recorder, type Simulator, type SimulatorOptions, type Untimed } from './server.ts';

/** One request and what it is answered with. */
export interface Exchange<Truth, Options> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Of this request alone. */
  readonly random: Random;
  readonly options: Options;
  readonly faults: Faults;
  readonly record: (event: Untimed<Truth>, atMicros?: number) => void;
}

/** A running simulator of an API of requests. */
export interface RequestSimulator<Truth> extends Simulator<Truth> {
  readonly faults: Faults;
}

/** Starts a server that gives each request to `answer`, and cuts those off whose answer throws. @param name Of its randomness. */
export async function serveExchanges<
  Truth extends { readonly atMicros: number },
  Options extends SimulatorOptions,
>(
  name: string,
  options: Options,
  answer: (exchange: Exchange<Truth, Options>) => Promise<void>,
): Promise<RequestSimulator<Truth>> {
  const truth: Truth[] = [];
  const faults = new Faults();
  let requests = 0;
  const server = await listenOnLoopback({
    onRequest: (request, response) => {
      const random = createRandom(options.seed ?? 1, `${name}:${++requests}`);
      const exchange = { request, response, random, options, faults, record: recorder(truth) };
      void answer(exchange).catch(() => response.destroy());
    },
  });
  return { ...server, truth, faults };
}
