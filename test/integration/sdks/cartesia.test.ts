import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import Cartesia, * as namespace from '@cartesia/cartesia-js';
import { type CartesiaSimulator, startCartesiaSimulator } from '../../../demo/simulators/cartesia.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { activeCall } from '../../../instrumentation/call/scope.ts';
import { patchCartesia } from '../../../instrumentation/sdks/cartesia/cartesia.ts';
import type { StageFact } from '../../../model/facts.ts';
import { ATTR } from '../../../model/semconv.ts';
import { poll } from '../../support/poll.ts';
import { requestsReceived } from '../../support/requests-received.ts';
import { recordSpans, spanOf, takeFacts } from '../../support/spans.ts';

const commonJs = createRequire(import.meta.url)('@cartesia/cartesia-js') as { Cartesia: typeof Cartesia };
const TEXT = 'Of course, with pleasure. At what time?';
const VOICE = { mode: 'id', id: 'a0e99841-438c-4a64-b679-ae501e7d6091' } as const;
const PHONE = { container: 'raw', encoding: 'pcm_mulaw', sample_rate: 8000 } as const;
const request = (transcript: string) =>
  ({ model_id: 'sonic-3.5', transcript, voice: VOICE, output_format: PHONE }) as const;

let plain: CartesiaSimulator;
let tls: CartesiaSimulator;
before(async () => {
  recordSpans();
  patchCartesia(namespace);
  patchCartesia(commonJs);
  plain = await startCartesiaSimulator({ firstByteMs: [10, 20], speed: [40, 50] });
  tls = await startCartesiaSimulator({ firstByteMs: [10, 20], speed: [40, 50], tls: true });
});
after(() => Promise.all([plain.close(), tls.close()]));

/** What the simulator says of the last answer that it finished. */
const truth = (simulator: CartesiaSimulator) => {
  const finished = simulator.truth.findLast((event) => event.kind === 'finished');
  assert.ok(finished?.kind === 'finished');
  return finished;
};

for (const [name, Client] of [
  ['synthesis as bytes, from ESM', Cartesia],
  ['synthesis as bytes, from CommonJS', commonJs.Cartesia],
] as const) {
  describe(name, () => {
    const client = () => new Client({ apiKey: 'key', baseURL: plain.url, maxRetries: 0 });

    it('gives first byte, characters and seconds, in the turn that it answers', async () => {
      const call = new Call();
      takeFacts();
      const response = await call.run(() => client().tts.generate(request(TEXT)));
      assert.ok(response instanceof Response);
      const bytes = (await response.arrayBuffer()).byteLength;
      const facts: StageFact[] = [];
      await poll(() => facts.push(...takeFacts().filter((fact): fact is StageFact => fact.type === 'stage')));
      call.end();
      const fact = facts.find(({ stage }) => stage === 'tts');
      assert.equal(fact?.provider, 'cartesia');
      assert.equal(fact.model, 'sonic-3.5');
      assert.equal(fact.turnIndex, 0);
      assert.deepEqual(fact.usage, { characters: TEXT.length, audioSeconds: bytes / 8_000 });
      assert.equal(truth(plain).audioSeconds, bytes / 8_000);
      assert.ok(fact.firstByteUs !== undefined && fact.firstByteUs >= fact.startUs + 9_000);
    });

    it('is cancelled when the audio is not read to its end', async () => {
      const { attributes } = await spanOf(async () => {
        const { body } = await client().tts.generate(request(TEXT));
        for await (const _ of body ?? []) break;
      });
      assert.equal(attributes[ATTR.stageCancelled], true);
      assert.equal(attributes[ATTR.errorType], undefined);
      assert.equal(attributes[ATTR.usageCharacters], TEXT.length);
    });

    it('counts its text when it is given up before the audio comes: it was sent', async () => {
      const { attributes } = await spanOf(async () => {
        const aborted = new AbortController();
        const asked = client().tts.generate(request(TEXT), { signal: aborted.signal });
        const before = requestsReceived(plain);
        void poll(() => requestsReceived(plain) > before).then(() => aborted.abort());
        await assert.rejects(async () => await asked);
      });
      assert.equal(attributes[ATTR.stageCancelled], true);
      assert.equal(attributes[ATTR.errorType], undefined);
      assert.equal(attributes[ATTR.usageCharacters], TEXT.length);
      assert.equal(attributes[ATTR.usageAudioSeconds], 0);
    });

    it('fails with the class of the error, which the application gets as it is', async () => {
      plain.faults.next({ kind: 'status', status: 429 });
      const { attributes } = await spanOf(() =>
        assert.rejects(async () => await client().tts.generate(request(TEXT)), { status: 429 }),
      );
      assert.equal(attributes[ATTR.errorType], 'RateLimitError');
      assert.equal(attributes[ATTR.usageCharacters], undefined);
    });

    it('leaves a clone readable', async () => {
      await spanOf(async () => {
        const response = await client().tts.generate(request(TEXT));
        const copy = response.clone();
        assert.equal((await response.arrayBuffer()).byteLength, (await copy.arrayBuffer()).byteLength);
      });
    });
  });
}

describe('synthesis as server-sent events', () => {
  it('gives first byte, characters and seconds', async () => {
    const client = new Cartesia({ apiKey: 'key', baseURL: plain.url, maxRetries: 0 });
    const { attributes } = await spanOf(async () => {
      const stream = await client.tts.generateSSE(request(TEXT) as never);
      for await (const _ of stream);
    });
    assert.ok(attributes[ATTR.ttfb]);
    assert.equal(attributes[ATTR.usageCharacters], TEXT.length);
    assert.equal(attributes[ATTR.usageAudioSeconds], truth(plain).audioSeconds);
  });
});

// The SDK's ESM build uses Node's own WebSocket, which Node 20 has not, and takes the certificate from the environment:
// what is patched is the same class in both builds.
describe('synthesis over a socket, from CommonJS', () => {
  const connect = () => {
    const client = new commonJs.Cartesia({ apiKey: 'key', baseURL: tls.url });
    return client.tts.websocket({ rejectUnauthorized: false } as never);
  };
  const context = (socket: Awaited<ReturnType<typeof connect>>, contextId: string) =>
    socket.context({ model_id: 'sonic-3.5', voice: VOICE, output_format: PHONE, contextId });

  it('makes one stage of all the text of a context', async () => {
    const call = new Call();
    const socket = await call.run(connect);
    const { attributes } = await spanOf(() =>
      call.run(async () => {
        const voice = context(socket, 'one');
        await voice.push({ transcript: 'Of course. ' });
        await voice.push({ transcript: 'At what time?' });
        await voice.no_more_inputs();
        for await (const _ of voice.receive());
      }),
    );
    assert.equal(attributes[ATTR.usageCharacters], 'Of course. At what time?'.length);
    assert.equal(attributes[ATTR.usageAudioSeconds], truth(tls).audioSeconds);
    assert.equal(attributes[ATTR.callId], call.id);
    assert.ok(attributes[ATTR.ttfb]);
    socket.close();
    call.end();
  });

  it('is cancelled with its context', async () => {
    const socket = await connect();
    const { attributes } = await spanOf(async () => {
      const voice = context(socket, 'two');
      await voice.push({ transcript: TEXT });
      for await (const event of voice.receive()) if (event.type === 'chunk') await voice.cancel();
    });
    assert.equal(attributes[ATTR.stageCancelled], true);
    assert.equal(attributes[ATTR.usageCharacters], TEXT.length);
    socket.close();
  });

  it('fails with the error of its context', async () => {
    const socket = await connect();
    socket.on('error', () => {});
    tls.faults.next({ kind: 'status', status: 400 });
    const { attributes } = await spanOf(() =>
      assert.rejects(async () => {
        for await (const _ of socket.generate({ ...request(TEXT), context_id: 'three' } as never));
      }),
    );
    assert.equal(attributes[ATTR.errorType], 'simulated');
    socket.close();
  });

  it('fails when the connection breaks', async () => {
    const socket = await connect();
    socket.on('error', () => {});
    tls.faults.next({ kind: 'cut', afterChunks: 1 });
    const { attributes } = await spanOf(() => context(socket, 'four').push({ transcript: TEXT }));
    assert.equal(attributes[ATTR.errorType], 'connection_closed');
  });

  it('runs its handlers in the call that sent the text, also on a socket that calls share', async () => {
    const socket = await connect();
    const seen = new Map<string, Set<string | undefined>>();
    socket.on('chunk', (event) => {
      const id = String(event.context_id);
      seen.set(id, (seen.get(id) ?? new Set()).add(activeCall()?.id));
    });
    const calls = [new Call(), new Call()];
    await Promise.all(
      calls.map((call) =>
        call.run(async () => {
          const voice = context(socket, `of ${call.id}`);
          await voice.push({ transcript: TEXT });
          await voice.no_more_inputs();
          for await (const _ of voice.receive());
        }),
      ),
    );
    for (const { id } of calls) assert.deepEqual(seen.get(`of ${id}`), new Set([id]));
    for (const call of calls) call.end();
    socket.close();
  });
});
