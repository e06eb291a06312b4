import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { context } from '@opentelemetry/api';
import { Call } from '../../../instrumentation/call/call.ts';
import { activeCall, withReportedStages } from '../../../instrumentation/call/scope.ts';
import { patchDeepgram } from '../../../instrumentation/sdks/deepgram/deepgram.ts';
import type { Fact, StageFact } from '../../../model/facts.ts';
import { DEEPGRAM_SDKS, deepgramEnvironment } from '../../support/deepgram-sdks.ts';
import { stagesOf, turnsOf } from '../../support/facts.ts';
import { assertNear } from '../../support/near.ts';
import { poll } from '../../support/poll.ts';
import {
  type DeepgramSpeakSimulator,
  type DeepgramSpeakTruth,
  startDeepgramSpeakSimulator,
} from '../../support/simulators/deepgram-speak.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';

type Client = (typeof DEEPGRAM_SDKS)[number]['Client'];
type Kind = DeepgramSpeakTruth['kind'];

const FIRST = 'Of course, with pleasure.';
const SECOND = 'At what time would you like to come?';
const PHONE = { model: 'aura-2-thalia-en', encoding: 'mulaw', sample_rate: '8000', Authorization: '' };
const RAW = { model: PHONE.model, encoding: 'mulaw', sample_rate: 8000, container: 'none' };
const FLUX = { ...PHONE, model: 'flux-alexis-en' };

let simulator: DeepgramSpeakSimulator;
before(async () => {
  recordSpans();
  for (const { exports } of DEEPGRAM_SDKS) patchDeepgram(exports);
  simulator = await startDeepgramSpeakSimulator();
});
after(() => simulator.close());

const clientOf = (Client: Client, options: object = {}) =>
  new Client({ apiKey: 'key', environment: deepgramEnvironment(simulator), maxRetries: 0, ...options });

async function connectV1(Client: Client, args: object = {}) {
  const socket = await clientOf(Client).speak.v1.connect({ ...PHONE, ...args } as never);
  socket.connect();
  await socket.waitForOpen();
  return socket;
}

async function connectV2(Client: Client, args: object = {}) {
  const socket = await clientOf(Client).speak.v2.connect({ ...FLUX, ...args } as never);
  socket.connect();
  await socket.waitForOpen();
  return socket;
}

const truth = <K extends Kind>(kind: K) =>
  simulator.truth.filter((event): event is Extract<DeepgramSpeakTruth, { kind: K }> => event.kind === kind);
const last = <K extends Kind>(kind: K) => {
  const event = truth(kind).at(-1);
  assert.ok(event, `nothing was ${kind}`);
  return event;
};

/** The facts so far, and `count` syntheses among them. */
async function syntheses(count: number): Promise<{ facts: Fact[]; tts: StageFact[] }> {
  const facts: Fact[] = [];
  await poll(() => {
    facts.push(...takeFacts());
    return stagesOf(facts, 'tts').length >= count;
  });
  return { facts, tts: stagesOf(facts, 'tts') };
}

const isFirstByteOf = (fact: StageFact | undefined, event: { readonly atMicros: number }): void =>
  assertNear(fact?.firstByteUs, event.atMicros);

for (const { name, Client } of DEEPGRAM_SDKS) {
  describe(`speak v1 over its socket, ${name}`, () => {
    it('makes one stage of what is sent between two flushes, in the turn that it answers', async () => {
      const call = new Call();
      takeFacts();
      const active: boolean[] = [];
      const socket = await call.run(() => connectV1(Client));
      socket.on('message', (message) => {
        if ((message as { type?: unknown }).type === 'Flushed') active.push(activeCall() === call);
      });
      const sentUs = Date.now() * 1_000;
      call.run(() => {
        socket.sendText({ type: 'Speak', text: FIRST.slice(0, 10) });
        socket.sendText({ type: 'Speak', text: FIRST.slice(10) });
        socket.sendFlush({ type: 'Flush' });
        socket.sendText({ type: 'Speak', text: SECOND });
        socket.sendFlush({ type: 'Flush' });
      });
      const { tts } = await syntheses(2);
      assert.deepEqual(
        tts.map(({ usage }) => usage),
        truth('finished')
          .slice(-2)
          .map(({ audioSeconds }, i) => ({
            characters: [FIRST, SECOND][i]?.length,
            audioSeconds,
          })),
      );
      const firstBytes = truth('first_byte').slice(-2);
      for (const [i, fact] of tts.entries()) {
        assert.equal(fact.turnIndex, 0);
        assert.equal(fact.provider, 'deepgram');
        assert.equal(fact.model, PHONE.model);
        assertNear(fact.startUs, sentUs);
        isFirstByteOf(fact, firstBytes[i] as { atMicros: number });
      }
      assert.deepEqual(active, [true, true]);
      socket.close();
      call.end();
    });

    it('is cancelled by a clear, and what was on its way belongs to nothing', async () => {
      const call = new Call();
      takeFacts();
      const socket = await call.run(() => connectV1(Client));
      const types: unknown[] = [];
      socket.on('message', (message) => types.push((message as { type?: unknown }).type));
      const before = truth('first_byte').length;
      call.run(() => {
        socket.sendText({ type: 'Speak', text: SECOND });
        socket.sendFlush({ type: 'Flush' });
      });
      await poll(() => truth('first_byte').length > before);
      await poll(() => call.turn?.playing);
      call.run(() => {
        socket.sendClear({ type: 'Clear' });
        socket.sendText({ type: 'Speak', text: FIRST });
        socket.sendFlush({ type: 'Flush' });
      });
      const { tts } = await syntheses(2);
      const [cleared, next] = tts;
      assert.equal(cleared?.cancelled, true);
      assert.equal(cleared.usage?.characters, SECOND.length);
      assert.equal(cleared.errorType, undefined);
      assert.deepEqual(next?.usage, {
        characters: FIRST.length,
        audioSeconds: last('finished').audioSeconds,
      });
      isFirstByteOf(next, last('first_byte'));
      assert.ok(types.includes('Cleared'));
      socket.close();
      call.end();
    });
  });

  describe(`speak as a request, ${name}`, () => {
    const generate = (request: object, options?: object, client: object = {}) =>
      clientOf(Client, client).speak.v1.audio.generate(request as never, options as never);

    it('gives first byte, characters and seconds, in the turn that it answers', async () => {
      const call = new Call();
      takeFacts();
      const audio = await call.run(() => generate({ ...RAW, text: FIRST }));
      const bytes = (await audio.arrayBuffer()).byteLength;
      const { tts } = await syntheses(1);
      assert.equal(tts[0]?.turnIndex, 0);
      assert.equal(tts[0].model, RAW.model);
      assert.deepEqual(tts[0].usage, { characters: FIRST.length, audioSeconds: bytes / 8_000 });
      assert.equal(last('finished').audioSeconds, bytes / 8_000);
      isFirstByteOf(tts[0], last('first_byte'));
      call.end();
    });

    it('fails with the class of the error, which the application gets as it is', async () => {
      for (const [status, errorType] of [
        [429, '429'],
        [400, 'BadRequestError'],
      ] as const) {
        takeFacts();
        const call = new Call();
        simulator.faults.next({ kind: 'status', status });
        await assert.rejects(
          call.run(async () => await generate({ ...RAW, text: FIRST }, { maxRetries: 0 })),
          { statusCode: status },
        );
        const { tts } = await syntheses(1);
        assert.equal(tts[0]?.errorType, errorType);
        assert.equal(tts[0].usage, undefined);
        call.end();
      }
    });
  });
}

// The oldest SDK has no speak v2. What else follows does not depend on how the SDK was loaded.
const [{ Client: Newest }, { Client: NewestCommonJs }] = DEEPGRAM_SDKS;

for (const [name, Client] of [
  ['from ESM', Newest],
  ['from CommonJS', NewestCommonJs],
] as const) {
  describe(`speak v2, ${name}`, () => {
    it('counts each turn as the service bills it', async () => {
      const call = new Call();
      takeFacts();
      const socket = await call.run(() => connectV2(Client));
      const billed = `${FIRST}\n`;
      call.run(() => {
        socket.sendSpeak({ type: 'Speak', text: billed });
        socket.sendFlush({ type: 'Flush' });
        socket.sendSpeak({ type: 'Speak', text: SECOND });
        socket.sendFlush({ type: 'Flush' });
      });
      const { tts } = await syntheses(2);
      const finished = truth('finished').slice(-2);
      assert.deepEqual(
        tts.map(({ usage, model, turnIndex }) => ({ usage, model, turnIndex })),
        [FIRST, SECOND].map((text, i) => ({
          usage: { characters: text.length, audioSeconds: finished[i]?.audioSeconds },
          model: FLUX.model,
          turnIndex: 0,
        })),
      );
      for (const [i, event] of truth('first_byte').slice(-2).entries()) isFirstByteOf(tts[i], event);
      socket.close();
      call.end();
    });

    it('is cancelled by an interruption when it was asked for, with what it is billed as', async () => {
      const call = new Call();
      takeFacts();
      const socket = await call.run(() => connectV2(Client));
      const before = truth('first_byte').length;
      call.run(() => {
        socket.sendSpeak({ type: 'Speak', text: SECOND });
        socket.sendFlush({ type: 'Flush' });
      });
      await poll(() => truth('first_byte').length > before);
      await poll(() => call.turn?.playing);
      const interruptedUs = Date.now() * 1_000;
      socket.sendInterrupt({ type: 'Interrupt' });
      const { tts } = await syntheses(1);
      assert.equal(tts[0]?.cancelled, true);
      assertNear(tts[0].endUs, interruptedUs);
      assert.deepEqual(tts[0].usage, {
        characters: SECOND.length,
        audioSeconds: last('aborted').audioSeconds,
      });
      socket.close();
      call.end();
    });

    it('goes on when the service takes no interruption', async () => {
      const call = new Call();
      takeFacts();
      const socket = await call.run(() => connectV2(Client));
      call.run(() => {
        socket.sendSpeak({ type: 'Speak', text: FIRST });
        socket.sendFlush({ type: 'Flush' });
      });
      socket.sendInterrupt({ type: 'Interrupt' });
      const { tts } = await syntheses(1);
      assert.equal(tts[0]?.cancelled, undefined);
      assert.equal(tts[0]?.usage?.characters, FIRST.length);
      isFirstByteOf(tts[0], last('first_byte'));
      socket.close();
      call.end();
    });
  });
}

describe('a socket of speak', () => {
  it('speaks what was sent before a close to its end', async () => {
    takeFacts();
    const call = new Call();
    const socket = await call.run(() => connectV1(Newest));
    call.run(() => socket.sendText({ type: 'Speak', text: FIRST }));
    socket.sendClose({ type: 'Close' });
    const { tts } = await syntheses(1);
    assert.equal(tts[0]?.cancelled, undefined);
    assert.deepEqual(tts[0]?.usage, {
      characters: FIRST.length,
      audioSeconds: last('finished').audioSeconds,
    });
    call.end();
  });

  it('that the application closes cancels, and one that breaks fails', async () => {
    takeFacts();
    const call = new Call();
    const closed = await call.run(() => connectV1(Newest));
    const before = truth('first_byte').length;
    call.run(() => {
      closed.sendText({ type: 'Speak', text: SECOND });
      closed.sendFlush({ type: 'Flush' });
    });
    await poll(() => truth('first_byte').length > before);
    closed.close();
    const cancelled = await syntheses(1);
    assert.equal(cancelled.tts[0]?.cancelled, true);
    assert.equal(cancelled.tts[0].errorType, undefined);

    simulator.faults.next({ kind: 'cut', afterChunks: 2 });
    const cut = await call.run(() => connectV1(Newest, { reconnectAttempts: 0 }));
    call.run(() => {
      cut.sendText({ type: 'Speak', text: SECOND });
      cut.sendFlush({ type: 'Flush' });
    });
    const failed = await syntheses(1);
    assert.equal(failed.tts[0]?.errorType, 'connection_closed');
    assert.deepEqual(failed.tts[0]?.usage, { characters: SECOND.length, audioSeconds: 0.2 });
    cut.close();
    call.end();
  });

  it('serves two calls at once, each with its own texts', async () => {
    takeFacts();
    const calls = [new Call(), new Call()];
    const socket = await connectV1(Newest);
    for (const [i, call] of calls.entries())
      call.run(() => {
        socket.sendText({ type: 'Speak', text: [FIRST, SECOND][i] ?? '' });
        socket.sendFlush({ type: 'Flush' });
      });
    const { tts } = await syntheses(2);
    assert.deepEqual(
      tts.map(({ callId, usage }) => [callId, usage?.characters]),
      [
        [calls[0]?.id, FIRST.length],
        [calls[1]?.id, SECOND.length],
      ],
    );
    socket.close();
    for (const call of calls) call.end();
  });

  it('is silent about what a framework reports itself, and keeps its order', async () => {
    takeFacts();
    const call = new Call();
    const socket = await call.run(() => connectV1(Newest));
    call.run(() => {
      context.with(withReportedStages(context.active()), () => {
        socket.sendText({ type: 'Speak', text: FIRST });
        socket.sendFlush({ type: 'Flush' });
      });
      socket.sendText({ type: 'Speak', text: SECOND });
      socket.sendFlush({ type: 'Flush' });
    });
    const { tts } = await syntheses(1);
    assert.deepEqual(tts[0]?.usage, {
      characters: SECOND.length,
      audioSeconds: last('finished').audioSeconds,
    });
    socket.close();
    call.end();
  });

  it('shows a barge-in into audio that had all come', async () => {
    takeFacts();
    const call = new Call();
    const socket = await call.run(() => connectV1(Newest));
    call.run(() => {
      socket.sendText({ type: 'Speak', text: SECOND });
      socket.sendFlush({ type: 'Flush' });
    });
    await syntheses(1);
    assert.equal(call.turn?.playing, true);
    const { tracker } = call;
    tracker.speechStarted(Date.now());
    tracker.wordsHeard(Date.now());
    call.run(() => socket.sendClear({ type: 'Clear' }));
    const facts: Fact[] = [];
    await poll(() => facts.push(...takeFacts()) && facts.some(({ type }) => type === 'turn'));
    const turn = turnsOf(facts)[0];
    assert.equal(turn?.interrupted, true);
    socket.close();
    call.end();
  });
});

describe('audio that a request gives', () => {
  const generate = (request: object, options?: object) =>
    clientOf(Newest).speak.v1.audio.generate(
      { model: PHONE.model, text: FIRST, ...request } as never,
      options as never,
    );
  const inCall = async (run: () => Promise<unknown>): Promise<StageFact | undefined> => {
    const call = new Call();
    takeFacts();
    await call.run(run);
    const { tts } = await syntheses(1);
    call.end();
    return tts[0];
  };

  it('is heard as a stream as well, at the reader’s pace', async () => {
    const fact = await inCall(async () => {
      const audio = await generate(RAW);
      for await (const _ of audio.stream() ?? []);
      assert.equal(audio.bodyUsed, true);
    });
    assert.equal(fact?.usage?.audioSeconds, last('finished').audioSeconds);
  });

  it('keeps its type as a blob', async () => {
    const { rawResponse } = await generate({ encoding: 'linear16' }).withRawResponse();
    assert.equal(rawResponse.headers.get('content-type'), 'audio/wav');
    const fact = await inCall(async () => {
      const blob = await (await generate({ encoding: 'linear16' })).blob();
      assert.equal(blob.type, 'audio/wav');
    });
    assert.equal(fact?.usage?.audioSeconds, last('finished').audioSeconds);
  });

  it('has no known length when it is compressed', async () => {
    const fact = await inCall(async () => (await generate({})).arrayBuffer());
    assert.deepEqual(fact?.usage, { characters: FIRST.length });
    assert.ok(fact.firstByteUs);
  });

  it('is cancelled when it is not read to its end, or given up before it comes', async () => {
    const left = await inCall(async () => {
      for await (const _ of (await generate(RAW)).stream() ?? []) break;
    });
    assert.equal(left?.cancelled, true);
    simulator.faults.next({ kind: 'delay', ms: 2_000 });
    const givenUp = await inCall(async () => {
      const aborted = new AbortController();
      const before = truth('received').length;
      const asked = generate(RAW, { abortSignal: aborted.signal, maxRetries: 0 });
      void poll(() => truth('received').length > before).then(() => aborted.abort());
      await assert.rejects(async () => await asked);
    });
    assert.equal(givenUp?.cancelled, true);
    assert.equal(givenUp.errorType, undefined);
    assert.equal(givenUp.usage?.characters, FIRST.length);
  });

  it('fails in the middle with what had come', async () => {
    simulator.faults.next({ kind: 'cut', afterChunks: 2 });
    const fact = await inCall(async () =>
      assert.rejects(async () => (await generate({ ...RAW, text: SECOND }, { maxRetries: 0 })).arrayBuffer()),
    );
    assert.ok(fact?.errorType);
    assert.equal(fact.cancelled, undefined);
    assert.deepEqual(fact.usage, { characters: SECOND.length, audioSeconds: 0.2 });
  });

  it('of Flux is heard in the same way', async () => {
    const fact = await inCall(async () => {
      const request = { ...RAW, model: FLUX.model, text: FIRST };
      await (await clientOf(Newest).speak.v2.audio.generate(request as never)).arrayBuffer();
    });
    assert.equal(fact?.model, FLUX.model);
    assert.deepEqual(fact.usage, { characters: FIRST.length, audioSeconds: last('finished').audioSeconds });
  });

  it('goes elsewhere when the application wants it called back', async () => {
    const fact = await inCall(async () => await generate({ callback: 'https://example.com/audio' }));
    assert.deepEqual(fact?.usage, { characters: FIRST.length });
    assert.equal(fact.firstByteUs, undefined);
  });
});
