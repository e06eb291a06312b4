import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import Cartesia, * as namespace from '@cartesia/cartesia-js';
import { context } from '@opentelemetry/api';
import { WebSocket } from 'ws';
import { Call } from '../../../instrumentation/call/call.ts';
import { nowUs } from '../../../instrumentation/call/clock.ts';
import { activeCall, withReportedStages } from '../../../instrumentation/call/scope.ts';
import { patchCartesia } from '../../../instrumentation/sdks/cartesia/cartesia.ts';
import type { Fact } from '../../../model/facts.ts';
import { ATTR } from '../../../model/semconv.ts';
import { FRAME_BYTES, MULAW_SILENCE } from '../../support/audio.ts';
import { audioSecondsOf, callsOf, stagesOf, turnsOf } from '../../support/facts.ts';
import { assertNear } from '../../support/near.ts';
import { poll } from '../../support/poll.ts';
import {
  type CartesiaListenSimulator,
  startCartesiaListenSimulator,
} from '../../support/simulators/cartesia-listen.ts';
import { recordSpans, takeFacts, takeSpans } from '../../support/spans.ts';
import { utterance } from '../../support/speech.ts';

const commonJs = createRequire(import.meta.url)('@cartesia/cartesia-js') as { Cartesia: typeof Cartesia };
const BUILDS = [
  { name: 'from ESM', Client: Cartesia },
  { name: 'from CommonJS', Client: commonJs.Cartesia },
] as const;
type TurnsOptions = Parameters<Cartesia['stt']['autoFinalize']['websocket']>[1];
/** What both kinds of sockets have. */
interface Socket {
  on(event: 'close', listener: (code: number) => void): unknown;
  sendRaw(data: Uint8Array): void;
}

const PHONE = { encoding: 'pcm_mulaw', sample_rate: 8_000 } as const;
const SPOKEN = utterance('hours-question');
const FRAME_MS = 20;

let simulator: CartesiaListenSimulator;
before(async () => {
  recordSpans();
  patchCartesia(namespace);
  patchCartesia(commonJs);
  simulator = await startCartesiaListenSimulator();
  // The SDK's ESM build takes the global one, which Node 20 has not.
  globalThis.WebSocket ??= WebSocket as never;
});
after(() => simulator.close());

const client = (Client: typeof Cartesia = commonJs.Cartesia): Cartesia =>
  new Client({ apiKey: 'key', baseURL: simulator.url });
const turns = (options?: TurnsOptions, Client?: typeof Cartesia) =>
  client(Client).stt.autoFinalize.websocket({ model: 'ink-2', ...PHONE }, options);
const manual = (parameters: object = {}, Client?: typeof Cartesia) =>
  client(Client).stt.manualFinalize.websocket({ model: 'ink-2', ...PHONE, ...parameters });

interface Spoken {
  /** When the first byte was spoken. */
  readonly startUs: number;
  /** By how much the latest frame was late: what it carried was, for a listener, spoken so much later. */
  readonly lateUs: number;
}

/** Sends audio at the pace of speech, in frames of 20 ms, until the socket is closed. */
async function speak(socket: Socket, audio: Uint8Array): Promise<Spoken> {
  let closed = false;
  socket.on('close', () => {
    closed = true;
  });
  const startMs = performance.now();
  const startUs = nowUs();
  let lateUs = 0;
  for (let at = 0; at < audio.length && !closed; at += FRAME_BYTES) {
    // The frame is sent when the last of it has been spoken.
    const dueMs = startMs + (at / FRAME_BYTES + 1) * FRAME_MS;
    await new Promise((resolve) => setTimeout(resolve, dueMs - performance.now()));
    lateUs = Math.max(lateUs, (performance.now() - dueMs) * 1_000);
    socket.sendRaw(audio.subarray(at, at + FRAME_BYTES));
  }
  return { startUs, lateUs };
}

const silence = (seconds: number): Uint8Array => new Uint8Array(seconds * 8_000).fill(MULAW_SILENCE);
/** What was said and so much silence, in seconds. */
const secondsWith = (seconds: number): number => (SPOKEN.mulaw.length + seconds * 8_000) / 8_000;
const closed = (socket: Socket): Promise<number> => new Promise((resolve) => socket.on('close', resolve));
const factsOf = ({ id }: Call): Fact[] => takeFacts().filter(({ callId }) => callId === id);
/** When the simulator last sent a message of this type. */
const sentUs = (type: string): number =>
  simulator.truth.findLast((event) => event.kind === 'sent' && event.message.type === type)?.atMicros ?? 0;
/** When it first sent one after `sinceUs`. */
const firstSentUs = (type: string, sinceUs: number): number =>
  simulator.truth.find(
    (event) => event.kind === 'sent' && event.atMicros > sinceUs && event.message.type === type,
  )?.atMicros ?? 0;
for (const { name, Client } of BUILDS) {
  describe(`transcription of Cartesia, ${name}`, () => {
    it('follows the turns that the service finds', async () => {
      const call = new Call();
      takeFacts();
      const socket = call.run(() => turns(undefined, Client));
      const seen: unknown[] = [];
      socket.on('turn.end', () => seen.push(activeCall() === call && call.turn !== undefined));
      const { startUs, lateUs } = await speak(socket, SPOKEN.mulaw);
      await speak(socket, silence(0.7));
      await poll(() => seen.length > 0);
      socket.send({ type: 'close' });
      assert.equal(await closed(socket), 1000);
      call.end();
      assert.deepEqual(seen, [true]);

      const facts = factsOf(call);
      const [turn, ...others] = turnsOf(facts);
      assert.deepEqual(others, []);
      assertNear(turn?.speechStartedUs, sentUs('turn.start'), lateUs);
      assertNear(turn?.speechEndedUs, sentUs('turn.eager_end'), lateUs);
      assertNear(turn?.committedUs, sentUs('turn.end'), lateUs);
      assert.equal(turn?.eouSource, 'stt_event');
      const [spoken, rest, ...stages] = stagesOf(facts, 'stt');
      assert.deepEqual(stages, []);
      assert.equal(spoken?.provider, 'cartesia');
      assert.equal(spoken.model, 'ink-2');
      assert.equal(spoken.streaming, true);
      assert.equal(spoken.turnIndex, 0);
      assertNear(spoken.firstByteUs, firstSentUs('turn.update', startUs), lateUs);
      assert.equal(rest?.turnIndex, undefined);
      assert.equal(audioSecondsOf(stagesOf(facts, 'stt')), secondsWith(0.7));
    });

    it('tells when the user spoke, from the audio, where words have their times', async () => {
      const call = new Call();
      takeFacts();
      const socket = call.run(() => manual({}, Client));
      const { startUs, lateUs } = await speak(socket, SPOKEN.mulaw);
      await speak(socket, silence(0.1));
      socket.send('finalize');
      await poll(() => sentUs('flush_done') > startUs && call.turn?.userText);
      assert.equal(call.turn?.userText, SPOKEN.text);
      socket.send('close');
      await closed(socket);
      call.end();

      const facts = factsOf(call);
      const [turn, ...others] = turnsOf(facts);
      assert.deepEqual(others, []);
      assertNear(turn?.speechStartedUs, startUs + SPOKEN.speechStartSeconds * 1e6, lateUs);
      assertNear(turn?.speechEndedUs, startUs + SPOKEN.speechEndSeconds * 1e6, lateUs);
      assertNear(turn?.committedUs, sentUs('flush_done'), lateUs);
      assert.equal(turn?.eouSource, 'stt_word_end');
      assert.equal(audioSecondsOf(stagesOf(facts, 'stt')), secondsWith(0.1));
    });
  });
}

describe('a socket of Cartesia’s transcription', () => {
  it('goes on with a turn that only seemed to be over', async () => {
    const call = new Call();
    takeFacts();
    const socket = call.run(() => turns());
    await speak(socket, SPOKEN.mulaw);
    await speak(socket, silence(Math.max(0, 0.35 - (SPOKEN.mulaw.length / 8_000 - SPOKEN.speechEndSeconds))));
    const { lateUs } = await speak(socket, SPOKEN.mulaw);
    await speak(socket, silence(0.7));
    const text = await poll(() => call.turn?.userText);
    assert.equal(text, `${SPOKEN.text} ${SPOKEN.text}`);
    assert.ok(sentUs('turn.resume') < sentUs('turn.eager_end'));
    socket.send({ type: 'close' });
    await closed(socket);
    call.end();
    const turn = turnsOf(factsOf(call));
    assert.equal(turn.length, 1);
    assertNear(turn[0]?.speechEndedUs, sentUs('turn.eager_end'), lateUs);
  });

  it('ends an utterance that the model finishes by itself', async () => {
    const call = new Call();
    takeFacts();
    const socket = call.run(() => manual({ model: 'ink-whisper', max_silence_duration_secs: 0.4 }));
    await speak(socket, SPOKEN.mulaw);
    const { lateUs } = await speak(socket, silence(0.6));
    await poll(() => call.turn?.userText);
    socket.send('close');
    await closed(socket);
    call.end();
    assertNear(turnsOf(factsOf(call))[0]?.committedUs, sentUs('transcript'), lateUs);
  });

  it('opens a call of its own when there is none, and ends it when it closes', async () => {
    takeFacts();
    const socket = turns();
    let inside: Call | undefined;
    socket.on('connected', () => {
      inside = activeCall();
    });
    await speak(socket, silence(0.1));
    await poll(() => inside);
    assert.equal(activeCall(), undefined);
    socket.close();
    await closed(socket);
    assert.equal(inside?.ended, true);
    const facts = takeFacts();
    const call = callsOf(facts)[0];
    assert.equal(call?.callId, inside.id);
    assert.equal(call.endReason, 'connection_closed');
    assert.equal(audioSecondsOf(stagesOf(facts, 'stt')), 0.1);
  });

  it('is read with for await as well', async () => {
    const call = new Call();
    takeFacts();
    const socket = call.run(() => manual());
    const types: string[] = [];
    const reading = (async () => {
      for await (const event of socket.stream())
        types.push(event.type === 'message' ? event.message.type : event.type);
    })();
    await speak(socket, SPOKEN.mulaw);
    socket.sendRaw('close');
    await reading;
    call.end();
    assert.deepEqual(types.slice(-2), ['done', 'close']);
    assert.equal(audioSecondsOf(stagesOf(factsOf(call), 'stt')), SPOKEN.mulaw.length / 8_000);
  });

  it('keeps two calls apart', async () => {
    takeFacts();
    const calls = [new Call(), new Call()] as const;
    const seen = new Set<string | undefined>();
    const talk = async (call: Call, audio: Uint8Array): Promise<void> => {
      const socket = call.run(() => turns());
      socket.on('turn.end', () => seen.add(activeCall()?.id));
      await speak(socket, audio);
      await speak(socket, silence(0.7));
      socket.send({ type: 'close' });
      await closed(socket);
      call.end();
    };
    await Promise.all([talk(calls[0], SPOKEN.mulaw), talk(calls[1], silence(0.2))]);
    const facts = takeFacts();
    assert.deepEqual(
      turnsOf(facts).map(({ callId }) => callId),
      [calls[0].id],
    );
    assert.deepEqual([...seen], [calls[0].id]);
    assert.deepEqual(
      calls.map(({ id }) => audioSecondsOf(stagesOf(facts, 'stt').filter(({ callId }) => callId === id))),
      [secondsWith(0.7), 0.9],
    );
  });

  it('counts what is sent over two connections, also what waits for the second', async () => {
    const call = new Call();
    takeFacts();
    simulator.faults.next({ kind: 'cut', afterChunks: 2 });
    const reconnect = { onReconnecting: () => undefined, initialDelay: 100 };
    const socket = call.run(() => turns({ reconnect }));
    let reconnected = false;
    socket.on('reconnected', () => {
      reconnected = activeCall() === call;
    });
    await speak(socket, SPOKEN.mulaw);
    await poll(() => reconnected);
    const { lateUs } = await speak(socket, SPOKEN.mulaw);
    await speak(socket, silence(0.7));
    await poll(() => sentUs('turn.end') > sentUs('turn.start'));
    socket.send({ type: 'close' });
    await closed(socket);
    call.end();
    const facts = factsOf(call);
    assertNear(turnsOf(facts).at(-1)?.speechEndedUs, sentUs('turn.eager_end'), lateUs);
    assert.equal(audioSecondsOf(stagesOf(facts, 'stt')), (2 * SPOKEN.mulaw.length + 0.7 * 8_000) / 8_000);
  });

  it('gives what was understood when the connection breaks in the middle', async () => {
    const call = new Call();
    takeFacts();
    simulator.faults.next({ kind: 'cut', afterChunks: 4 });
    const socket = call.run(() => turns());
    socket.on('error', () => {});
    await speak(socket, SPOKEN.mulaw);
    assert.notEqual(call.turn?.userText, undefined);
    call.end();
    assert.deepEqual(
      stagesOf(factsOf(call), 'stt').map(({ turnIndex, cancelled, errorType }) => [
        turnIndex,
        cancelled,
        errorType,
      ]),
      [
        [0, true, undefined],
        [undefined, undefined, 'connection_closed'],
      ],
    );
  });

  it('fails with the error of the service, and with what refused it: nothing was heard then', async () => {
    const call = new Call();
    takeFacts();
    simulator.faults.next({ kind: 'close', code: 1008, afterMessages: 1 }, { kind: 'status', status: 429 });
    for (let i = 0; i < 2; i++) {
      const socket = call.run(() => turns());
      const errors: Error[] = [];
      socket.on('error', (error) => errors.push(error));
      const over = closed(socket);
      await speak(socket, SPOKEN.mulaw);
      await over;
      assert.ok(errors.length > 0);
    }
    call.end();
    const stt = stagesOf(factsOf(call), 'stt');
    assert.deepEqual(
      stt.map(({ errorType }) => errorType),
      ['concurrency_limited', '429'],
    );
    assert.ok((stt[0]?.usage?.audioSeconds ?? 0) > 0);
    assert.equal(stt[1]?.usage, undefined);
  });

  it('is left to a framework that reports it itself', async () => {
    const call = new Call();
    takeFacts();
    const socket = context.with(withReportedStages(call.context), () => turns());
    await speak(socket, silence(0.1));
    socket.close();
    await closed(socket);
    call.end();
    assert.deepEqual(stagesOf(factsOf(call), 'stt'), []);
  });

  it('leaves the application its own errors', async () => {
    const socket = turns();
    const errors: string[] = [];
    socket.on('error', ({ message }) => errors.push(message));
    await poll(() => socket.socket.readyState === 1);
    socket.close();
    socket.sendRaw(silence(0.02));
    await closed(socket);
    assert.deepEqual(errors, ['cannot send on a closed WebSocket']);
    assert.throws(() =>
      client().stt.autoFinalize.websocket(undefined as never, { protocolVersion: 1 } as never),
    );
  });
});

for (const { name, Client } of BUILDS) {
  describe(`a recording that Cartesia transcribes, ${name}`, () => {
    const request = (cartesia: Cartesia = client(Client), signal?: AbortSignal) =>
      cartesia.stt.transcribe(
        { file: new File([SPOKEN.mulaw], 'hello.raw'), model: 'ink-whisper' },
        { signal },
      );
    const once = (Build: typeof Cartesia): Cartesia =>
      new Build({ apiKey: 'key', baseURL: simulator.url, maxRetries: 0 });

    it('gives its words, in the turn that they open, and its seconds', async () => {
      // It was recorded in the call.
      const call = new Call({ at: Date.now() - 60_000 });
      takeFacts();
      const cartesia = client(Client);
      const requestedUs = nowUs();
      const { text } = await call.run(() => request(cartesia));
      assert.equal(text, SPOKEN.text);
      assert.equal(call.turn?.userText, SPOKEN.text);
      call.end();
      const facts = factsOf(call);
      const [turn, ...others] = turnsOf(facts);
      assert.deepEqual(others, []);
      assertNear(turn?.speechStartedUs, requestedUs - secondsWith(0) * 1e6, 0);
      assertNear(turn?.speechEndedUs, requestedUs, 0);
      const [stt, ...stages] = stagesOf(facts, 'stt');
      assert.deepEqual(stages, []);
      assert.equal(stt?.turnIndex, 0);
      assert.equal(stt.provider, 'cartesia');
      assert.equal(stt.model, 'ink-whisper');
      assert.equal(stt.streaming, false);
      assert.deepEqual(stt.usage, { audioSeconds: secondsWith(0) });
    });

    it('is a span of its own outside of any call', async () => {
      takeSpans();
      await request();
      assert.deepEqual(
        takeSpans().map(({ attributes }) => [attributes[ATTR.callId], attributes[ATTR.usageAudioSeconds]]),
        [[undefined, secondsWith(0)]],
      );
    });

    it('fails with the class of the error, which the application gets as it is', async () => {
      const call = new Call();
      takeFacts();
      simulator.faults.next({ kind: 'status', status: 429 });
      await assert.rejects(async () => await call.run(() => request(once(Client))), { status: 429 });
      call.end();
      assert.deepEqual(
        stagesOf(factsOf(call), 'stt').map(({ errorType, streaming }) => [errorType, streaming]),
        [['RateLimitError', false]],
      );
    });

    it('is cancelled when the application gives it up', async () => {
      const call = new Call();
      takeFacts();
      simulator.faults.next({ kind: 'delay', ms: 200 });
      const signal = AbortSignal.timeout(20);
      await assert.rejects(async () => await call.run(() => request(once(Client), signal)));
      call.end();
      assert.deepEqual(
        stagesOf(factsOf(call), 'stt').map(({ cancelled, errorType }) => [cancelled, errorType]),
        [[true, undefined]],
      );
    });

    it('counts once, and stays the response that it is', async () => {
      const call = new Call();
      takeFacts();
      const response = await call.run(() => request().asResponse());
      assert.equal(((await response.json()) as { text: string }).text, SPOKEN.text);
      const { data, response: whole } = await call.run(() => request().withResponse());
      assert.equal(data.text, SPOKEN.text);
      assert.equal(whole.status, 200);
      await poll(() => call.turn);
      call.end();
      assert.deepEqual(
        stagesOf(factsOf(call), 'stt').map(({ usage }) => usage?.audioSeconds),
        [undefined, secondsWith(0)],
      );
    });
  });
}
