import { nowMs } from '../../call/clock.ts';
import { guard } from '../../call/spans.ts';
import { byteLength, type FollowSocket, tracedConnect } from '../kit/live/sockets.ts';
import { at, foreign, pick, wrapGetter, wrapOnce } from '../kit/patch.ts';
import { AgentConnection } from './agent/agent.ts';
import { FluxConnection } from './listen/flux.ts';
import { ListenConnection } from './listen/listen.ts';
import { tracedTranscribeFile, tracedTranscribeUrl } from './listen/recording.ts';
import { followSocket } from './socket.ts';
import { SpeakV1Connection, SpeakV2Connection } from './speak/speak.ts';
import { tracedGenerate } from './speak/speak-request.ts';

const PACKAGE = '@deepgram/sdk';

/** `@deepgram/sdk` 5: live listen v1 and v2 (Flux), speak as requests and over its sockets, recordings, the voice agent. */
export function patchDeepgram(moduleExports: unknown): void {
  guard(`patching ${PACKAGE}`, () => {
    const client = at(pick(moduleExports, 'DeepgramClient'), 'prototype');
    seeOnce(client, 'listen', (listen) => {
      wrapOnce(classOf(listen, 'v1'), 'connect', tracedConnect(followListen, 'deepgram'));
      wrapOnce(classOf(listen, 'v2'), 'connect', tracedConnect(followFlux, 'deepgram'));
      wrapOnce(classOf(listen, 'v1', 'media'), 'transcribeUrl', tracedTranscribeUrl);
      wrapOnce(classOf(listen, 'v1', 'media'), 'transcribeFile', tracedTranscribeFile);
    });
    seeOnce(client, 'speak', (speak) => {
      wrapOnce(classOf(speak, 'v1'), 'connect', tracedConnect(followSpeakV1, 'deepgram'));
      wrapOnce(classOf(speak, 'v2'), 'connect', tracedConnect(followSpeakV2, 'deepgram'));
      wrapOnce(classOf(speak, 'v1', 'audio'), 'generate', tracedGenerate);
      wrapOnce(classOf(speak, 'v2', 'audio'), 'generate', tracedGenerate);
    });
    seeOnce(client, 'agent', (agent) =>
      wrapOnce(classOf(agent, 'v1'), 'connect', tracedConnect(followAgent, 'deepgram')),
    );
  });
}

/** The classes behind the client are not exported: they are found through what its getters give, for the first time. */
function seeOnce(client: unknown, name: string, see: (resource: unknown) => void): void {
  let seen = false;
  wrapGetter(client, name, (resource) => {
    if (seen) return;
    seen = true;
    guard(`patching ${PACKAGE}`, () => see(resource));
  });
}

function classOf(resource: unknown, ...path: string[]): unknown {
  const found = foreign(at(resource, ...path));
  return found && Object.getPrototypeOf(found);
}

const followListen: FollowSocket = (socket, args, opened) => {
  const connection = new ListenConnection(args, opened);
  followSocket(socket, connection, { sendMedia: (frame) => connection.sent(byteLength(frame), nowMs()) });
};

const followFlux: FollowSocket = (socket, args, opened) => {
  const connection = new FluxConnection(args, opened);
  followSocket(socket, connection, { sendMedia: (frame) => connection.sent(byteLength(frame), nowMs()) });
};

const followSpeakV1: FollowSocket = (socket, args, opened) => {
  const connection = new SpeakV1Connection(args, opened);
  followSocket(socket, connection, {
    sendText: quietly((sent) => connection.say(sent)),
    sendFlush: quietly(() => connection.flush()),
    sendClear: quietly(() => connection.clear()),
    sendClose: quietly(() => connection.close()),
  });
};

const followSpeakV2: FollowSocket = (socket, args, opened) => {
  const connection = new SpeakV2Connection(args, opened);
  followSocket(socket, connection, {
    sendSpeak: quietly((sent) => connection.say(sent)),
    sendFlush: quietly(() => connection.flush()),
    sendInterrupt: quietly(() => connection.interrupt()),
    sendClose: quietly(() => connection.close()),
  });
};

const followAgent: FollowSocket = (socket, _, opened) => {
  const connection = new AgentConnection(opened);
  const configured = quietly((sent) => connection.configured(sent));
  followSocket(socket, connection, {
    sendSettings: configured,
    sendUpdateListen: configured,
    sendUpdateThink: configured,
    sendUpdateSpeak: configured,
    sendInjectAgentMessage: quietly((sent) => connection.agentLine(sent)),
    sendInjectUserMessage: quietly((sent) => connection.userLine(sent)),
    sendFunctionCallResponse: quietly((sent) => connection.functionCalled(sent)),
  });
};

const quietly =
  (told: (sent: unknown) => void) =>
  (sent: unknown): void =>
    void guard('following what was sent to Deepgram', () => told(sent));
