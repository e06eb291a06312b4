import { parseJson } from '../kit/json.ts';
import type { Foreign } from '../kit/patch.ts';
import { listening, parameters, rawEnd } from '../kit/raw/connections.ts';
import type { FollowRaw, RawConnection } from '../kit/raw/protocol.ts';
import { AgentConnection } from './agent/agent.ts';
import { FluxConnection } from './listen/flux.ts';
import { ListenConnection } from './listen/listen.ts';
import type { SocketFollower } from './socket.ts';
import { SpeakV1Connection, SpeakV2Connection } from './speak/speak.ts';

// Deepgram's sockets, as applications open them themselves.

const followListen: FollowRaw = ({ url, opened }) => {
  const connection = new ListenConnection(parameters(url), opened);
  return listening(connection, { closed: (code) => connection.closed(rawEnd(code)) });
};

const followFlux: FollowRaw = ({ url, opened }) => {
  const connection = new FluxConnection(parameters(url), opened);
  return listening(connection, { closed: (code) => connection.closed(rawEnd(code)) });
};

const followSpeakV1: FollowRaw = ({ url, opened }) => {
  const connection = new SpeakV1Connection(parameters(url), opened);
  return told(connection, {
    Speak: (message) => connection.say(message),
    Flush: () => connection.flush(),
    Clear: () => connection.clear(),
    Close: () => connection.close(),
  });
};

const followSpeakV2: FollowRaw = ({ url, opened }) => {
  const connection = new SpeakV2Connection(parameters(url), opened);
  return told(connection, {
    Speak: (message) => connection.say(message),
    Flush: () => connection.flush(),
    Interrupt: () => connection.interrupt(),
    Close: () => connection.close(),
  });
};

const followAgent: FollowRaw = ({ opened }) => {
  const connection = new AgentConnection(opened);
  const configured = (message: Foreign): void => connection.configured(message);
  return told(connection, {
    Settings: configured,
    UpdateListen: configured,
    UpdateThink: configured,
    UpdateSpeak: configured,
    InjectAgentMessage: (message) => connection.agentLine(message),
    InjectUserMessage: (message) => connection.userLine(message),
    FunctionCallResponse: (message) => connection.functionCalled(message),
  });
};

/** A connection that is told messages by their type; the audio that it is sent says nothing. */
const told = (
  connection: SocketFollower,
  messages: Readonly<Record<string, (message: Foreign) => void>>,
): RawConnection => ({
  get context() {
    return connection.context;
  },
  opened: () => connection.opened(),
  sent: (data) => {
    const message = parseJson(data);
    const { type } = message ?? {};
    if (message && typeof type === 'string' && Object.hasOwn(messages, type)) messages[type]?.(message);
  },
  received: (data, atMs) => connection.message(data, atMs),
  closed: (code) => connection.closed(rawEnd(code)),
});

/** Who follows each of them. */
export const FOLLOW = {
  listen: followListen,
  flux: followFlux,
  speakV1: followSpeakV1,
  speakV2: followSpeakV2,
  agent: followAgent,
};
