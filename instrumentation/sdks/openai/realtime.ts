import { context, diag } from '@opentelemetry/api';
import { providerAt } from '../../../model/providers.ts';
import { nowMs } from '../../call/clock.ts';
import { followsRequests } from '../../call/open-stage.ts';
import { guard } from '../../call/spans.ts';
import { base64Bytes } from '../kit/base64.ts';
import { closedCleanly } from '../kit/live/sockets.ts';
import { at, type Foreign, foreign, type Method, pick, text, wrapOnce } from '../kit/patch.ts';
import { ownSocket } from '../kit/raw/ownership.ts';
import { RealtimeConnection } from './realtime-connection.ts';

/**
 * `openai/realtime/ws` and `openai/realtime/websocket`, of the present API and of the beta. Every event of the server
 * passes `_emit('event', …)` before its listeners, and every event of the application `send`.
 */
export function patchOpenAiRealtime(moduleExports: unknown): void {
  guard('patching openai/realtime', () => {
    for (const name of ['OpenAIRealtimeWS', 'OpenAIRealtimeWebSocket']) {
      const prototype = at(pick(moduleExports, name), 'prototype');
      // `_emit` is inherited: the class gets one of its own.
      wrapOnce(prototype, '_emit', tracedEmit);
      wrapOnce(prototype, 'send', tracedSend);
      wrapOnce(prototype, 'sendResponseCreate', tracedSend);
      wrapOnce(prototype, 'close', tracedClose);
    }
  });
}

/** A client of the SDK and its connection, which it may replace when it was told to reconnect. */
class FollowedClient {
  readonly connection: RealtimeConnection;
  readonly #client: Foreign;
  #socket: unknown;
  /** The application closes it. */
  closing = false;
  /** Of a client that reconnects by itself: between two connections. */
  #lost = false;

  constructor(client: Foreign) {
    this.#client = client;
    const url = URL.canParse(String(client.url)) ? new URL(String(client.url)) : undefined;
    this.connection = new RealtimeConnection({
      provider: providerAt(url?.href) ?? 'openai',
      model: url?.searchParams.get('model') ?? url?.searchParams.get('deployment') ?? undefined,
    });
    this.connection.opened();
    this.claim();
    (client.socket as Partial<EventTarget> | undefined)?.addEventListener?.('close', (event) =>
      guard('following a Realtime connection', () => {
        if (client._recovery === undefined) this.#closed(at(event, 'code'));
      }),
    );
  }

  /** Its socket is followed here. It may have another since. */
  claim(): void {
    const { socket } = this.#client;
    if (socket === this.#socket) return;
    this.#socket = socket;
    ownSocket(socket);
  }

  /** The application sends an event. On the audio path: no allocation. */
  send(event: unknown): void {
    try {
      const message = foreign(event);
      if (message?.type === 'input_audio_buffer.append')
        this.connection.audioSent(base64Bytes(text(message.audio) ?? ''), nowMs());
      else if (message) this.connection.client(message, nowMs());
    } catch (error) {
      unreadable(error);
    }
  }

  /** The client tells its listeners of something. */
  emitted(name: unknown, value: unknown): void {
    try {
      const message = name === 'event' ? foreign(value) : undefined;
      if (message) {
        if (this.#lost) this.#opened();
        this.connection.server(message, nowMs());
      } else if (this.#client._recovery !== undefined) {
        if (name === 'reconnecting') this.#broken();
        else if (name === 'reconnected' && this.#lost) this.#opened();
        else if (name === 'close') this.#closed(value);
      }
    } catch (error) {
      unreadable(error);
    }
  }

  #opened(): void {
    this.#lost = false;
    this.connection.opened();
  }

  #broken(): void {
    if (this.#lost) return;
    this.#lost = true;
    this.connection.closed(nowMs(), { final: false, error: 'connection_lost' });
  }

  #closed(code: unknown): void {
    const clean = this.closing || closedCleanly(code);
    this.connection.closed(nowMs(), { final: true, ...(!clean && { error: 'connection_lost' }) });
  }
}

/** Something about an event was not as expected. */
export const unreadable = (error: unknown): void =>
  diag.error('earshot: reading a Realtime event failed; the call goes on', error);

const clients = new WeakMap<object, FollowedClient | 'ignored'>();

/** The client, followed from the first sign of its connection on: not of one that never came about. */
function follow(client: unknown): FollowedClient | undefined {
  const known = clients.get(client as object);
  if (known !== 'ignored') known?.claim();
  if (known) return known === 'ignored' ? undefined : known;
  const made = followsRequests()
    ? guard('following a Realtime connection', () => new FollowedClient(foreign(client) ?? {}))
    : undefined;
  clients.set(client as object, made ?? 'ignored');
  return made;
}

function tracedEmit(emit: Method): Method {
  return function (this: unknown, ...args) {
    const followed = args[0] === 'event' ? follow(this) : known(this);
    if (!followed) return emit.apply(this, args);
    followed.emitted(args[0], args[1]);
    return context.with(followed.connection.context, () => emit.apply(this, args));
  };
}

function tracedSend(send: Method): Method {
  return function (this: unknown, ...args) {
    // What is not sent now, and may be sent later, says nothing.
    if (foreign(foreign(this)?.socket)?.readyState === 1) follow(this)?.send(args[0]);
    return send.apply(this, args);
  };
}

function tracedClose(close: Method): Method {
  return function (this: unknown, ...args) {
    const followed = known(this);
    if (followed) followed.closing = true;
    return close.apply(this, args);
  };
}

function known(client: unknown): FollowedClient | undefined {
  const followed = clients.get(client as object);
  return followed === 'ignored' ? undefined : followed;
}
