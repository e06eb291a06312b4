import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { utterance } from '../../../demo/speech.ts';
import { markTurn } from '../../../exporter/calls/marks.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { openStage } from '../../../instrumentation/call/open-stage.ts';
import { activeCall } from '../../../instrumentation/call/scope.ts';
import type { Stage } from '../../../instrumentation/call/stage.ts';
import { patchDeepgram } from '../../../instrumentation/sdks/deepgram/deepgram.ts';
import type { StageFact } from '../../../model/facts.ts';
import { DEEPGRAM_SDKS, deepgramEnvironment } from '../../support/deepgram-sdks.ts';
import { audioSecondsOf, stagesOf, turnsOf } from '../../support/facts.ts';
import { assertNear } from '../../support/near.ts';
import { poll } from '../../support/poll.ts';
import { type FluxSimulator, startFluxSimulator } from '../../support/simulators/deepgram-flux.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';
import { silence, talk } from '../../support/talking.ts';

type Client = (typeof DEEPGRAM_SDKS)[number]['Client'];
type Socket = Awaited<ReturnType<InstanceType<Client>['listen']['v2']['connect']>>;

const ARGS = { model: 'flux-general-en', encoding: 'mulaw', sample_rate: 8000, Authorization: '' };
const SPOKEN = utterance('hours-question');
const MORE = utterance('hours-thanks');

let simulator: FluxSimulator;
before(async () => {
  recordSpans();
  for (const { exports } of DEEPGRAM_SDKS) patchDeepgram(exports);
  simulator = await startFluxSimulator();
});
after(() => simulator.close());

async function connect(Client: Client, args: object = {}, at: FluxSimulator = simulator): Promise<Socket> {
  const client = new Client({ apiKey: 'key', environment: deepgramEnvironment(at) });
  return client.listen.v2.connect({ ...ARGS, ...args } as never);
}

async function open(socket: Socket): Promise<void> {
  socket.connect();
  await socket.waitForOpen();
}

/** Says goodbye, and waits until the connection is gone. */
async function finish(socket: Socket): Promise<void> {
  socket.sendCloseStream({ type: 'CloseStream' });
  await poll(() => socket.readyState === 3);
}

const events = (socket: Socket, see: (event: string) => void = () => {}): string[] => {
  const seen: string[] = [];
  socket.on('message', (message) => {
    if (message.type !== 'TurnInfo') return;
    seen.push(message.event);
    see(message.event);
  });
  return seen;
};
const speak = (socket: Socket, audio: Uint8Array) => talk((frame) => socket.sendMedia(frame), audio);

for (const { name, Client } of DEEPGRAM_SDKS) {
  describe(`Flux, ${name}`, () => {
    it('tells when the user spoke, from the words and not from when the turn ended', async () => {
      const call = new Call();
      takeFacts();
      const active: boolean[] = [];
      const socket = await call.run(() => connect(Client));
      const seen = events(socket, (event) => {
        if (event === 'EndOfTurn') active.push(activeCall() === call, call.turn !== undefined);
      });
      await open(socket);
      const { startUs, lateUs } = await speak(socket, SPOKEN.mulaw);
      await speak(socket, silence(0.9));
      await poll(() => seen.includes('EndOfTurn'));
      await finish(socket);
      call.end();

      const facts = takeFacts();
      const [turn, ...others] = turnsOf(facts);
      assert.deepEqual(others, []);
      assert.ok(turn?.speechStartedUs && turn.speechEndedUs && turn.committedUs);
      assertNear(turn.speechStartedUs, startUs + SPOKEN.speechStartSeconds * 1e6, lateUs);
      assertNear(turn.speechEndedUs, startUs + SPOKEN.speechEndSeconds * 1e6, lateUs);
      assert.equal(turn.eouSource, 'stt_word_end');
      assert.ok(turn.committedUs > turn.speechEndedUs + 600_000 - lateUs - 20_000);
      assert.deepEqual(active, [true, true]);
      assert.equal(seen[0] === 'Update' || seen[0] === 'StartOfTurn', true);

      const [spoken, rest] = stagesOf(facts, 'stt');
      assert.equal(spoken?.turnIndex, 0);
      assert.equal(spoken.provider, 'deepgram');
      assert.equal(spoken.model, 'flux-general-en');
      assert.equal(spoken.streaming, true);
      const started = simulator.truth.findLast(
        (event) => event.kind === 'sent' && event.message.event === 'StartOfTurn',
      );
      assertNear(spoken.firstByteUs, started?.atMicros);
      assert.equal(rest?.turnIndex, undefined);
      assert.equal(audioSecondsOf(stagesOf(facts, 'stt')), SPOKEN.mulaw.length / 8_000 + 0.9);
    });

    it('makes one turn of an answer begun too early, thrown away and begun again', async () => {
      const call = new Call();
      takeFacts();
      const socket = await call.run(() => connect(Client, { eager_eot_threshold: 0.4 }));
      let speculation: Stage | undefined;
      const seen = events(socket, (event) => {
        if (event === 'EagerEndOfTurn') {
          speculation = openStage('llm', { provider: 'groq', model: 'llama' });
          speculation.firstByte();
        } else if (event === 'TurnResumed') speculation?.cancel({ usage: { inputTokens: 7 } });
        else if (event === 'EndOfTurn') {
          speculation?.end({ usage: { inputTokens: 11, outputTokens: 3 }, text: 'From nine.' });
          const speech = openStage('tts', { provider: 'cartesia', model: 'sonic' });
          speech.firstByte();
          speech.end({ usage: { characters: 10, audioSeconds: 0.1 } });
        }
      });
      await open(socket);
      await speak(socket, SPOKEN.mulaw);
      await speak(socket, silence(0.3));
      const { startUs, lateUs } = await speak(socket, MORE.mulaw);
      await speak(socket, silence(0.9));
      await poll(() => seen.includes('EndOfTurn'));
      await finish(socket);
      call.end();

      const facts = takeFacts();
      const [turn, ...others] = turnsOf(facts);
      assert.deepEqual(others, []);
      assert.ok(turn?.speechEndedUs && seen.includes('TurnResumed'));
      assertNear(turn.speechEndedUs, startUs + MORE.speechEndSeconds * 1e6, lateUs);
      const requests = stagesOf(facts, 'llm');
      // Recordings pause as well: there may be more than one.
      const thrownAway = requests.filter(({ cancelled }) => cancelled);
      assert.ok(thrownAway.length >= 1);
      assert.deepEqual(
        requests.filter(({ cancelled }) => !cancelled).map(({ turnIndex, usage }) => [turnIndex, usage]),
        [[0, { inputTokens: 11, outputTokens: 3 }]],
      );
      for (const { turnIndex, usage } of thrownAway)
        assert.deepEqual([turnIndex, usage], [0, { inputTokens: 7 }]);
      const stages = facts.filter((fact): fact is StageFact => fact.type === 'stage' && fact.turnIndex === 0);
      const { spoken } = markTurn({ index: 0, fact: turn, stages } as never);
      assert.equal(spoken.llm?.cancelled, undefined);
      assert.equal(stagesOf(facts, 'stt').filter(({ turnIndex }) => turnIndex === 0).length, 1);
    });
    // What follows does not depend on how the SDK was loaded, and takes as long as its audio.
    if (Client !== DEEPGRAM_SDKS[0].Client) return;

    it('goes by the audio in which the last word was understood where words have no times', async () => {
      const before = await startFluxSimulator({ wordTimes: false });
      const call = new Call();
      takeFacts();
      const socket = await call.run(() => connect(Client, {}, before));
      const seen = events(socket);
      await open(socket);
      const { startUs, lateUs } = await speak(socket, SPOKEN.mulaw);
      await speak(socket, silence(0.9));
      await poll(() => seen.includes('EndOfTurn'));
      await finish(socket);
      call.end();
      await before.close();
      const [turn] = turnsOf(takeFacts());
      assert.equal(turn?.eouSource, 'stt_event');
      const speechEndUs = startUs + SPOKEN.speechEndSeconds * 1e6;
      const lateness = (turn.speechEndedUs ?? 0) - speechEndUs;
      // A word counts as understood from its middle on; the end of the turn comes much later.
      assert.ok(lateness > -150_000 - lateUs && lateness < 450_000 + lateUs, `${lateness}`);
      assert.ok((turn.committedUs ?? 0) > (turn.speechEndedUs ?? 0) + 100_000);
    });

    it('takes a turn that the application ends for ended, and passes configuration by', async () => {
      const call = new Call();
      takeFacts();
      const socket = await call.run(() => connect(Client));
      const types: string[] = [];
      socket.on('message', ({ type }) => types.push(type));
      await open(socket);
      await speak(socket, SPOKEN.mulaw);
      socket.sendConfigure({ type: 'Configure', thresholds: { eot_threshold: 0.9 } });
      socket.sendForceEndTurn({ type: 'ForceEndTurn' });
      await poll(() => call.turn?.userText);
      await poll(() => types.includes('ConfigureSuccess'));
      await finish(socket);
      call.end();
      const [turn] = turnsOf(takeFacts());
      assert.ok(turn?.committedUs && turn.speechEndedUs && turn.committedUs >= turn.speechEndedUs);
    });

    it('goes on in the same call over a connection that breaks, and counts its audio from zero', async () => {
      simulator.faults.next({ kind: 'cut', afterChunks: 3 });
      const call = new Call();
      takeFacts();
      const socket = await call.run(() => connect(Client));
      const seen = events(socket);
      let opened = 0;
      socket.on('open', () => void opened++);
      await open(socket);
      await speak(socket, silence(0.4));
      // The cut comes with the message after these; what is sent until then is heard by no one.
      await poll(async () => {
        if (socket.readyState === 1 && opened < 2) socket.sendMedia(silence(0.02));
        return opened === 2;
      });
      const { startUs, lateUs } = await speak(socket, SPOKEN.mulaw);
      await speak(socket, silence(0.9));
      await poll(() => seen.includes('EndOfTurn'));
      await finish(socket);
      call.end();
      const turns = turnsOf(takeFacts());
      assert.equal(turns.length, 1);
      assertNear(turns[0]?.speechEndedUs, startUs + SPOKEN.speechEndSeconds * 1e6, lateUs);
    });

    it('keeps two calls apart', async () => {
      takeFacts();
      const calls = [new Call(), new Call()];
      const sockets = await Promise.all(calls.map((call) => call.run(() => connect(Client))));
      await Promise.all(sockets.map(open));
      await Promise.all(sockets.map((socket, i) => speak(socket, i === 0 ? SPOKEN.mulaw : silence(0.4))));
      await Promise.all(sockets.map((socket) => speak(socket, silence(0.9))));
      await poll(() => calls[0]?.turn?.userText);
      await Promise.all(sockets.map(finish));
      for (const call of calls) call.end();
      const facts = takeFacts();
      assert.deepEqual(
        turnsOf(facts).map(({ callId }) => callId),
        [calls[0]?.id],
      );
      const ofSecond = stagesOf(facts, 'stt').filter(({ callId }) => callId === calls[1]?.id);
      assert.equal(audioSecondsOf(ofSecond), 1.3);
    });

    it('leaves the application its own errors', async () => {
      const socket = await connect(Client);
      assert.throws(() => socket.sendMedia(silence(0.02)), /Socket is not open/);
      simulator.faults.next({ kind: 'status', status: 429 });
      const call = new Call();
      takeFacts();
      const refused = await call.run(() => connect(Client, { reconnectAttempts: 0 }));
      const errors: string[] = [];
      refused.on('error', ({ message }) => errors.push(message));
      refused.connect();
      await poll(() => errors.length > 0);
      assert.match(errors[0] ?? '', /429/);
      call.end();
      const [failed, ...others] = stagesOf(takeFacts(), 'stt');
      assert.deepEqual(others, []);
      assert.equal(failed?.errorType, '429');
      assert.equal(failed.usage, undefined);
    });
  });
}
