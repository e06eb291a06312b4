import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import * as namespace from '@deepgram/sdk';
import { DeepgramClient } from '@deepgram/sdk';
import { type DeepgramSimulator, startDeepgramSimulator } from '../../../demo/simulators/deepgram.ts';
import { utterance } from '../../../demo/speech.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { activeCall } from '../../../instrumentation/call/scope.ts';
import { patchDeepgram } from '../../../instrumentation/sdks/deepgram/deepgram.ts';
import { audioSecondsOf, callsOf, stagesOf, turnsOf } from '../../support/facts.ts';
import { poll } from '../../support/poll.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';
import { silence, talk } from '../../support/talking.ts';

const commonJs = createRequire(import.meta.url)('@deepgram/sdk') as typeof namespace;
const BUILDS = [
  { name: '@deepgram/sdk from ESM', Client: DeepgramClient },
  { name: '@deepgram/sdk from CommonJS', Client: commonJs.DeepgramClient as typeof DeepgramClient },
] as const;
type Socket = Awaited<ReturnType<DeepgramClient['listen']['v1']['connect']>>;

const ARGS = {
  model: 'nova-3',
  encoding: 'mulaw',
  sample_rate: 8000,
  interim_results: 'true',
  vad_events: 'true',
  endpointing: 300,
  Authorization: '',
} as never;
const SPOKEN = utterance('hours-question');

let simulator: DeepgramSimulator;
before(async () => {
  recordSpans();
  patchDeepgram(namespace);
  patchDeepgram(commonJs);
  simulator = await startDeepgramSimulator();
});
after(() => simulator.close());

const urls = () => {
  const { url, wsUrl } = simulator;
  return { base: url, production: wsUrl, agent: wsUrl, agentRest: url };
};

async function connect(Client: typeof DeepgramClient, args: object = {}): Promise<Socket> {
  const client = new Client({ apiKey: 'key', environment: urls() as never });
  const socket = await client.listen.v1.connect({ ...(ARGS as object), ...args } as never);
  return socket;
}

async function open(socket: Socket): Promise<void> {
  socket.connect();
  await socket.waitForOpen();
}

const speak = (socket: Socket, audio: Uint8Array) => talk((frame) => socket.sendMedia(frame), audio);

for (const { name, Client } of BUILDS) {
  describe(name, () => {
    it('tells when the user spoke, from the audio and not from when messages came', async () => {
      const call = new Call();
      takeFacts();
      const seen: { active: boolean; turn: boolean }[] = [];
      const socket = await call.run(async () => {
        const connected = await connect(Client);
        connected.on('message', (message) => {
          if (message.type === 'Results' && message.speech_final)
            seen.push({ active: activeCall() === call, turn: call.turn !== undefined });
        });
        return connected;
      });
      await open(socket);
      const { startUs, lateUs } = await speak(socket, SPOKEN.mulaw);
      await speak(socket, silence(0.6));
      await poll(() => seen.length > 0);
      socket.sendCloseStream({ type: 'CloseStream' });
      await poll(() => simulator.truth.some((event) => event.kind === 'closed'));
      await poll(() => socket.readyState === 3);
      call.end();

      const facts = takeFacts();
      const turn = turnsOf(facts)[0];
      assert.ok(turn?.speechStartedUs && turn.speechEndedUs && turn.committedUs);
      const speechStartUs = startUs + SPOKEN.speechStartSeconds * 1e6;
      const speechEndUs = startUs + SPOKEN.speechEndSeconds * 1e6;
      assert.ok(Math.abs(turn.speechStartedUs - speechStartUs) < 20_000 + lateUs);
      assert.ok(Math.abs(turn.speechEndedUs - speechEndUs) < 20_000 + lateUs);
      assert.equal(turn.eouSource, 'stt_word_end');
      assert.ok(turn.committedUs > turn.speechEndedUs + 300_000 - lateUs);
      assert.deepEqual(seen, [{ active: true, turn: true }]);

      const [spoken, rest, ...others] = stagesOf(facts, 'stt');
      assert.deepEqual(others, []);
      assert.equal(spoken?.turnIndex, 0);
      assert.equal(spoken.provider, 'deepgram');
      assert.equal(spoken.model, 'nova-3');
      assert.equal(spoken.streaming, true);
      assert.ok(spoken.firstByteUs !== undefined && spoken.firstByteUs < turn.speechEndedUs + 300_000);
      assert.equal(rest?.turnIndex, undefined);
      assert.equal(
        audioSecondsOf(stagesOf(facts, 'stt')),
        (SPOKEN.mulaw.length + silence(0.6).length) / 8_000,
      );
    });

    it('opens a call of its own when there is none, and ends it when it closes', async () => {
      takeFacts();
      const socket = await connect(Client);
      let inside: Call | undefined;
      socket.on('open', () => {
        inside = activeCall();
      });
      await open(socket);
      await speak(socket, silence(0.1));
      assert.ok(inside);
      assert.equal(activeCall(), undefined);
      socket.close();
      await poll(() => inside?.ended);
      const facts = takeFacts();
      const call = callsOf(facts)[0];
      assert.equal(call?.callId, inside.id);
      assert.equal(call?.endReason, 'connection_closed');
      assert.equal(audioSecondsOf(stagesOf(facts, 'stt')), 0.1);
    });
    // What follows does not depend on how the SDK was loaded, and takes as long as its audio.
    if (Client !== DeepgramClient) return;

    it('keeps two calls apart', async () => {
      takeFacts();
      const calls = [new Call(), new Call()];
      const seen = new Map<string | undefined, string[]>();
      const sockets = await Promise.all(
        calls.map((call) =>
          call.run(async () => {
            const socket = await connect(Client);
            socket.on('message', ({ type }) => {
              const id = activeCall()?.id;
              seen.set(id, [...(seen.get(id) ?? []), type]);
            });
            await open(socket);
            return socket;
          }),
        ),
      );
      const [first, second] = sockets;
      assert.ok(first && second);
      await Promise.all([speak(first, SPOKEN.mulaw), speak(second, silence(0.2))]);
      await speak(first, silence(0.5));
      await poll(() => seen.get(calls[0]?.id)?.includes('Results'));
      for (const socket of sockets) socket.close();
      await poll(() => sockets.every(({ readyState }) => readyState === 3));
      for (const call of calls) call.end();
      const facts = takeFacts();
      const turns = facts.filter(({ type }) => type === 'turn');
      assert.deepEqual(
        turns.map(({ callId }) => callId),
        [calls[0]?.id],
      );
      assert.deepEqual([...seen.keys()], [calls[0]?.id]);
      const seconds = calls.map(({ id }) =>
        audioSecondsOf(stagesOf(facts, 'stt').filter(({ callId }) => callId === id)),
      );
      assert.deepEqual(seconds, [SPOKEN.mulaw.length / 8_000 + 0.5, 0.2]);
    });

    it('counts the audio of a new connection from zero when the application connects again', async () => {
      takeFacts();
      const call = new Call();
      const socket = await call.run(() => connect(Client));
      await open(socket);
      await speak(socket, silence(0.3));
      socket.close();
      await poll(() => socket.readyState === 3);
      await open(socket);
      const { startUs, lateUs } = await speak(socket, SPOKEN.mulaw);
      await speak(socket, silence(0.6));
      await poll(() => call.turn);
      socket.close();
      await poll(() => socket.readyState === 3);
      call.end();
      const facts = takeFacts();
      const turn = turnsOf(facts)[0];
      const speechEndUs = startUs + SPOKEN.speechEndSeconds * 1e6;
      assert.ok(Math.abs((turn?.speechEndedUs ?? 0) - speechEndUs) < 20_000 + lateUs);
      assert.equal(audioSecondsOf(stagesOf(facts, 'stt')), 0.3 + SPOKEN.mulaw.length / 8_000 + 0.6);
    });

    it('follows a connection made with createConnection and read with for await', async () => {
      takeFacts();
      const client = new Client({ apiKey: 'key', environment: urls() as never });
      const call = new Call();
      const socket = await call.run(() => client.listen.v1.createConnection(ARGS));
      await open(socket);
      const types: string[] = [];
      const reading = (async () => {
        for await (const message of socket) types.push((message as { type: string }).type);
      })();
      await speak(socket, silence(0.2));
      socket.sendCloseStream({ type: 'CloseStream' });
      await reading;
      await poll(() => socket.readyState === 3);
      call.end();
      assert.ok(types.includes('Metadata'));
      assert.equal(audioSecondsOf(stagesOf(takeFacts(), 'stt')), 0.2);
    });

    it('runs handlers in the call also when a transport of the application delivers from elsewhere', async () => {
      let deliver: (message: string) => void = () => {};
      const transport = {
        onOpen: (handler: () => void) => queueMicrotask(handler),
        onMessage: (handler: typeof deliver) => {
          deliver = handler;
        },
        onClose() {},
        onError() {},
        isOpen: () => true,
        send() {},
        close() {},
      };
      const client = new Client({ apiKey: 'key', transportFactory: () => transport } as never);
      const call = new Call();
      const socket = await call.run(() => client.listen.v1.connect(ARGS));
      const seen: unknown[] = [];
      socket.on('message', (message) => seen.push([message.type, activeCall()]));
      await open(socket);
      assert.equal(activeCall(), undefined);
      deliver(JSON.stringify({ type: 'SpeechStarted', channel: [0], timestamp: 0 }));
      assert.deepEqual(seen, [['SpeechStarted', call]]);
      socket.close();
      call.end();
    });

    it('ends the call of a transport of the application’s own, which is closed without an event', async () => {
      takeFacts();
      const transport = {
        onOpen: (handler: () => void) => queueMicrotask(handler),
        onMessage() {},
        onClose() {},
        onError() {},
        isOpen: () => true,
        send() {},
        close() {},
      };
      const client = new Client({ apiKey: 'key', transportFactory: () => transport } as never);
      const socket = await client.listen.v1.connect(ARGS);
      await open(socket);
      socket.sendMedia(silence(0.02));
      socket.close();
      const facts = takeFacts();
      assert.equal(callsOf(facts)[0]?.endReason, 'connection_closed');
      assert.equal(audioSecondsOf(stagesOf(facts, 'stt')), 0.02);
    });

    it('leaves the application its own errors', async () => {
      const socket = await connect(Client);
      assert.throws(() => socket.sendMedia(silence(0.02)), /Socket is not open/);
      await assert.rejects(connect(Client, { keywords: 'table' }), /Keywords are not supported/);
    });
  });
}
