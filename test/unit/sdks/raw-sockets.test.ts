import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { afterEach, describe, it } from 'node:test';
import { context } from '@opentelemetry/api';
import { Call } from '../../../instrumentation/call/call.ts';
import { LiveSocket } from '../../../instrumentation/sdks/genai/live-socket.ts';
import { FollowedSocket } from '../../../instrumentation/sdks/kit/raw/followed-socket.ts';
import { ownSocket } from '../../../instrumentation/sdks/kit/raw/ownership.ts';
import type { RawConnection } from '../../../instrumentation/sdks/kit/raw/protocol.ts';
import { setProviderHosts } from '../../../instrumentation/sdks/kit/raw/provider-hosts.ts';
import { recognise } from '../../../instrumentation/sdks/kit/raw/recognise.ts';
import { PROTOCOLS } from '../../../instrumentation/sdks/sockets/protocols.ts';
import { patchSockets } from '../../../instrumentation/sdks/sockets/sockets.ts';
import { readSettings, SettingError } from '../../../model/settings.ts';
import { stagesOf } from '../../support/facts.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';

recordSpans();
afterEach(() => setProviderHosts([]));

const found = (address: string): string | undefined => {
  const recognised = recognise(address, PROTOCOLS);
  return recognised && `${recognised.protocol.name}, ${recognised.provider}`;
};

describe('the protocol of a socket', () => {
  it('is told by host and path', () => {
    for (const [address, expected] of [
      ['wss://api.deepgram.com/v1/listen?model=nova-3', 'Deepgram listen v1, deepgram'],
      ['wss://api.eu.deepgram.com/v2/listen', 'Deepgram listen v2, deepgram'],
      ['wss://agent.deepgram.com/v1/agent/converse', 'Deepgram agent, deepgram'],
      ['wss://api.openai.com/v1/realtime?model=gpt-realtime', 'OpenAI Realtime, openai'],
      ['wss://mine.openai.azure.com/openai/realtime?deployment=four', 'OpenAI Realtime, azure.ai.openai'],
      ['wss://api.elevenlabs.io/v1/speech-to-text/realtime', 'ElevenLabs Scribe, elevenlabs'],
      ['wss://api.cartesia.ai/tts/websocket', 'Cartesia TTS, cartesia'],
      ['wss://api.cartesia.ai/stt/turns/websocket', 'Cartesia STT, cartesia'],
      ['wss://streaming.assemblyai.com/v3/ws', 'AssemblyAI streaming v3, assemblyai'],
      [
        'wss://generativelanguage.googleapis.com/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent?key=k',
        'Gemini Live, gcp.gemini',
      ],
      [
        'wss://us-central1-aiplatform.googleapis.com/ws/google.cloud.aiplatform.v1.LlmBidiService/BidiGenerateContent',
        'Gemini Live, gcp.vertex_ai',
      ],
      ['wss://stt-rt.soniox.com/transcribe-websocket', 'Soniox STT, soniox'],
      ['wss://eu2.rt.speechmatics.com/v2', 'Speechmatics real-time, speechmatics'],
      ['wss://api.gladia.io/v2/live?token=t', 'Gladia live v2, gladia'],
      ['wss://users-ws.rime.ai/ws3?speaker=astra', 'Rime ws3, rime'],
      ['wss://users-ws.rime.ai/ws2?speaker=astra', undefined],
      ['wss://api.example.com/v1/text-to-speech/nora/stream-input', 'ElevenLabs stream-input, elevenlabs'],
      ['wss://api.example.com/v1/listen', undefined],
      ['wss://api.openai.com/v1/listen', undefined],
      ['wss://api.deepgram.com.example.com/v1/listen', undefined],
      ['no address', undefined],
    ])
      assert.equal(found(address as string), expected, address);
  });

  it('is told by the path alone behind a proxy that is named', () => {
    setProviderHosts(
      readSettings({ env: { EARSHOT_PROVIDER_HOSTS: 'proxy.internal, [::1]:8443=ElevenLabs' } })
        .providerHosts,
    );
    assert.equal(found('ws://proxy.internal:80/deepgram/v1/listen'), 'Deepgram listen v1, deepgram');
    assert.equal(found('ws://[::1]:8443/v1/speech-to-text/realtime'), 'ElevenLabs Scribe, elevenlabs');
    assert.equal(found('ws://[::1]:8443/v1/listen'), undefined);
    assert.equal(found('ws://other.internal/v1/listen'), undefined);
    assert.equal(found('ws://proxy.internal/v2'), undefined);
    assert.equal(found('ws://proxy.internal/v2/live'), undefined);
  });

  it('is that of the port that is named with the host, the usual one too', () => {
    setProviderHosts(
      readSettings({
        env: { EARSHOT_PROVIDER_HOSTS: 'a.internal:443=deepgram, b.internal, b.internal:8443=openai' },
      }).providerHosts,
    );
    assert.equal(found('wss://a.internal/v1/listen'), 'Deepgram listen v1, deepgram');
    assert.equal(found('wss://a.internal:443/v1/listen'), 'Deepgram listen v1, deepgram');
    assert.equal(found('ws://a.internal/v1/listen'), undefined);
    assert.equal(found('wss://b.internal/v1/listen'), 'Deepgram listen v1, deepgram');
    assert.equal(found('wss://b.internal:8443/v1/listen'), undefined);
    assert.equal(found('wss://b.internal:8443/v1/realtime'), 'OpenAI Realtime, openai');
  });

  it('is that of hosts that can be some', () => {
    for (const hosts of [
      'https://proxy.internal',
      'proxy.internal=unheard-of',
      'proxy=deepgram=openai',
      'a b',
      '=openai',
      'proxy.internal:99999=openai',
    ])
      assert.throws(() => readSettings({ env: { EARSHOT_PROVIDER_HOSTS: hosts } }), SettingError, hosts);
    const warnings: string[] = [];
    const warn = (message: string) => void warnings.push(message);
    readSettings({ env: { EARSHOT_PROVIDER_HOSTS: 'a b' }, warn });
    assert.match(warnings.join(), /Using no value instead[.]$/);
  });
});

/** A connection that keeps what it is told. */
class Kept implements RawConnection {
  readonly context = context.active();
  readonly told: unknown[] = [];
  opened = (): void => void this.told.push('opened');
  sent = (data: unknown): void => void this.told.push(['sent', data]);
  received = (data: unknown): void => void this.told.push(['received', data]);
  closed = (code: unknown): void => void this.told.push(['closed', code]);
}

describe('a followed socket', () => {
  const follow = (claimedLate: boolean) => {
    const [socket, connection] = [{}, new Kept()];
    return {
      socket,
      connection,
      followed: new FollowedSocket(socket, { claimedLate, connect: () => connection }),
    };
  };

  it('is shown before the handlers of the application run, which get it as it is', () => {
    const { connection, followed } = follow(false);
    const order: unknown[] = [];
    const deliver = (what: string) => () => {
      order.push([what, connection.told.length]);
      return what;
    };
    assert.equal(followed.event('open', undefined, deliver('open')), 'open');
    assert.equal(followed.event('message', 'hello', deliver('message')), 'message');
    followed.sent('there');
    followed.closing();
    followed.event('close', 1006, deliver('close'));
    assert.deepEqual(connection.told, ['opened', ['received', 'hello'], ['sent', 'there'], ['closed', 1000]]);
    assert.deepEqual(order, [
      ['open', 1],
      ['message', 2],
      ['close', 3],
    ]);
  });

  it('is let go when an SDK says with its first message, or before, that it is its own', () => {
    for (const claim of ['message', 'send'] as const) {
      const { socket, connection, followed } = follow(true);
      followed.event('open', undefined, () => {});
      if (claim === 'send') {
        ownSocket(socket);
        followed.sent('hello');
      }
      followed.event('message', 'hello', () => ownSocket(socket));
      followed.event('close', 1000, () => {});
      assert.deepEqual(connection.told, []);
    }
    const { connection, followed } = follow(true);
    followed.event('open', undefined, () => {});
    followed.event('message', 'hello', () => {});
    assert.deepEqual(connection.told, ['opened', ['received', 'hello']]);
  });

  it('goes on where the one that follows it throws', () => {
    const connection = new Kept();
    connection.received = () => {
      throw new Error('ours');
    };
    const followed = new FollowedSocket({}, { claimedLate: false, connect: () => connection });
    followed.event('open', undefined, () => {});
    assert.equal(
      followed.event('message', 'hello', () => 'theirs'),
      'theirs',
    );
    assert.throws(
      () =>
        followed.event('message', 'hello', () => {
          throw new Error('theirs');
        }),
      /theirs/,
    );
    const broken = new FollowedSocket({}, { claimedLate: false, connect: () => assert.fail('ours') });
    assert.equal(
      broken.event('open', undefined, () => 'theirs'),
      'theirs',
    );
    assert.equal(
      broken.event('message', 'hello', () => 'theirs'),
      'theirs',
    );
  });
});

describe('frames of Gemini Live', () => {
  const ANSWER = [
    { setupComplete: {} },
    { serverContent: { modelTurn: { parts: [{ text: 'Of course.' }] } } },
    {
      serverContent: { turnComplete: true, generationComplete: true },
      usageMetadata: { promptTokenCount: 4, responseTokenCount: 3 },
    },
  ].map((message) => JSON.stringify(message));

  for (const [name, frame] of [
    ['text', (text: string) => text],
    ['a buffer', (text: string) => Buffer.from(text)],
    ['an ArrayBuffer', (text: string) => new TextEncoder().encode(text).buffer],
    ['a blob, read later', (text: string) => new Blob([text])],
  ] as const)
    it(`are read as ${name}, however names are written`, async () => {
      takeFacts();
      const call = new Call();
      await call.run(async () => {
        const socket = new LiveSocket('gcp.gemini', context.active());
        socket.opened();
        socket.sent(JSON.stringify({ setup: { model: 'models/gemini-live-2.5-flash' } }), Date.now());
        socket.sent(Buffer.from('{"client_content":{"turn_complete":true}}'), Date.now());
        for (const text of ANSWER) socket.received(frame(text), Date.now());
        socket.closed(1000);
        // Blobs give their bytes after some turns of the loop.
        for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
      });
      call.end();
      const [stage] = stagesOf(takeFacts(), 'llm');
      assert.deepEqual([stage?.provider, stage?.model], ['gcp.gemini', 'gemini-live-2.5-flash']);
      assert.equal(stage?.usage?.inputTokens, 4);
      assert.ok(stage?.firstByteUs !== undefined);
    });
});

describe('what a hostile server sends on a raw socket', () => {
  it('reaches the application, and disturbs nothing', () => {
    class Client extends EventEmitter {
      readonly url = 'wss://api.deepgram.com/v1/listen?model=nova-3&encoding=mulaw&sample_rate=8000';
      readonly readyState = 1;
      send(): void {}
      close(): void {}
      terminate(): void {}
      setSocket(): void {
        this.emit('open');
      }
    }
    patchSockets({ WebSocket: Client });
    const ws = new Client();
    ws.setSocket();
    const seen: unknown[] = [];
    ws.on('message', (data) => seen.push(data));
    const frames = [
      Buffer.from('{"type":"Results","channel":{"alternatives":[null]},"start":-1,"is_final":"yes"}'),
      Buffer.from('{"type":"Results","channel":{"alternatives":[{"transcript":7,"words":[{"start":"x"}]}]}}'),
      Buffer.from('[1,2'),
      Buffer.from('null'),
      new ArrayBuffer(4),
      [Buffer.from('{"type":'), Buffer.from('"Metadata"}')],
      undefined,
    ];
    for (const data of frames) ws.emit('message', data, false);
    assert.deepEqual(seen, frames);
    ws.emit('close', 1006);
  });
});
