import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { Call } from '../../instrumentation/call/call.ts';
import { patchGenaiLive } from '../../instrumentation/sdks/genai/live.ts';
import type { BenchResult } from '../result.ts';
import { compare, pool } from './rounds.ts';

type Callbacks = { onmessage: (message: object) => void };

/** A session without a peer. */
class NullSession {
  sendRealtimeInput(_input: object): void {}
}
/** Connects at once. Patched as the one of `@google/genai` is. */
class NullLive {
  callbacks: Callbacks | undefined;
  async connect({ callbacks }: { model: string; callbacks: Callbacks }): Promise<NullSession> {
    this.callbacks = callbacks;
    return new NullSession();
  }
}

/** What our wrappers add to a frame of a Live session: 16 kHz to Gemini, 24 kHz from it. As `audio-frame` does it. */
export async function benchLiveFrame(): Promise<BenchResult[]> {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const send = NullSession.prototype.sendRealtimeInput;
  patchGenaiLive({ Live: NullLive });
  const call = new Call();
  const live = new NullLive();
  const callbacks = { onmessage: (): void => {} };
  const session = await call.run(() => live.connect({ model: 'gemini-live', callbacks }));
  const tapped = live.callbacks;
  if (!tapped) throw new Error('The session was not connected');
  const audio = (bytes: number, rate: number) => (i: number) => ({
    data: Buffer.alloc(bytes, i).toString('base64'),
    mimeType: `audio/pcm;rate=${rate}`,
  });
  const input = pool((i) => ({ audio: audio(640, 16_000)(i) }));
  const output = pool((i) => ({
    serverContent: { modelTurn: { role: 'model', parts: [{ inlineData: audio(960, 24_000)(i) }] } },
  }));
  const results = [
    {
      name: 'audio frame to Gemini Live',
      ...compare(
        input,
        (frame) => session.sendRealtimeInput(frame),
        (frame) => send.call(session, frame),
      ),
      note: 'sendRealtimeInput of a session that drops everything, with and without the wrapper',
    },
    {
      name: 'audio frame from Gemini Live',
      ...compare(
        output,
        (message) => tapped.onmessage(message),
        () => callbacks.onmessage(),
      ),
      note: 'onmessage that does nothing, with and without the wrapper',
    },
  ];
  call.end();
  return results.map((result) => ({ ...result, unit: 'µs/frame' }));
}
