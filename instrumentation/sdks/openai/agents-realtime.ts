import { context } from '@opentelemetry/api';
import { nowMs } from '../../call/clock.ts';
import { followsRequests } from '../../call/open-stage.ts';
import { guard } from '../../call/spans.ts';
import { closedCleanly, lookFirst } from '../kit/live/sockets.ts';
import { at, foreign, type Method, pick, text, wrapOnce } from '../kit/patch.ts';
import { withOwnedSockets } from '../kit/raw/ownership.ts';
import { unreadable } from './realtime.ts';
import { RealtimeConnection } from './realtime-connection.ts';
import { sendEvent } from './realtime-frames.ts';

/** `@openai/agents-realtime`: sessions over its WebSocket transports, those of Twilio and SIP among them. */
export function patchAgentsRealtime(moduleExports: unknown): void {
  guard('patching @openai/agents-realtime', () =>
    wrapOnce(at(pick(moduleExports, 'RealtimeSession'), 'prototype'), 'connect', tracedConnect),
  );
}

/** An emitter, as far as it is used here. */
interface Emitter {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
}

const sessions = new WeakMap<object, RealtimeConnection>();

function tracedConnect(connect: Method): Method {
  return function (this: unknown, ...args) {
    const connection = followsRequests()
      ? guard('following a realtime session', () => follow(this as Emitter))
      : undefined;
    if (!connection) return connect.apply(this, args);
    const within = withOwnedSockets(connection.context, 'openai');
    return context.with(within, () => connect.apply(this, args));
  };
}

function follow(session: Emitter): RealtimeConnection {
  const known = sessions.get(session);
  if (known) return known;
  const transport = at(session, 'transport');
  const connection = new RealtimeConnection({
    provider: 'openai',
    model: text(at(session, 'options', 'model')) ?? text(at(transport, 'currentModel')),
  });
  sessions.set(session, connection);
  const listen = (emitter: unknown, event: string, heard: (value: unknown) => void): void =>
    void (emitter as Emitter).on(event, (value) => guard('following a realtime session', () => heard(value)));
  listen(transport, 'connection_change', (status) => {
    if (status === 'connected') watch(at(transport, 'connectionState', 'websocket'), connection);
  });
  listen(session, 'transport_event', (event) => connection.server(foreign(event) ?? {}, nowMs()));
  listen(session, 'audio_interrupted', () => connection.silenced(nowMs()));
  return connection;
}

/** The socket of a connection: what the session sends passes no other place that all of its transports share. */
function watch(socket: unknown, connection: RealtimeConnection): void {
  if (!foreign(socket)) return;
  wrapOnce(socket, 'send', (send) => {
    connection.opened();
    let closing = false;
    // How a connection goes that the session closes is not an error, whatever code the server leaves it with.
    lookFirst(socket, 'close', () => {
      closing = true;
    });
    (socket as EventTarget).addEventListener('close', (event) =>
      guard('following a realtime session', () =>
        closed(closing || closedCleanly(at(event, 'code')), connection),
      ),
    );
    return function (this: unknown, ...args) {
      try {
        sendEvent(args[0], connection);
      } catch (error) {
        unreadable(error);
      }
      return send.apply(this, args);
    };
  });
}

/** A session whose connection broke may be connected again, and is the same call then. */
function closed(cleanly: boolean, connection: RealtimeConnection): void {
  if (cleanly) connection.closed(nowMs(), { final: true });
  else connection.closed(nowMs(), { final: false, error: 'connection_lost' });
}
