import { rawAudio } from '../../instrumentation/sdks/kit/audio-format.ts';
import { tapReadable } from '../../instrumentation/sdks/kit/requests/streams.ts';
import { SynthesisAnswer } from '../../instrumentation/sdks/kit/requests/synthesis-answer.ts';
import { SpeechEvents } from '../../instrumentation/sdks/openai/speech-events.ts';
import { median } from '../measure.ts';
import type { BenchResult } from '../result.ts';
import { FRAMES, POOL, pool, ROUNDS } from './rounds.ts';

/** A body of speech as it comes from `fetch`: a chunk each time it is asked. */
const body = (chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> => {
  let i = 0;
  return new ReadableStream(
    {
      pull: (controller) => {
        if (i === FRAMES) controller.close();
        else controller.enqueue(chunks[i++ % POOL] as Uint8Array);
      },
    },
    { highWaterMark: 0 },
  );
};

/** Microseconds a chunk of reading a body to its end, as it is and with `see` listening to it. */
async function compareBodies(
  chunks: readonly Uint8Array[],
  listen: () => (chunk: Uint8Array) => void,
): Promise<{ ours: number; baseline: number }> {
  const ignore = (): void => {};
  const round = async (stream: ReadableStream<Uint8Array>): Promise<number> => {
    const start = performance.now();
    for await (const _ of stream);
    return ((performance.now() - start) * 1_000) / FRAMES;
  };
  const rounds = { ours: [] as number[], baseline: [] as number[] };
  for (let i = 0; i < ROUNDS + 2; i++) {
    const tap = { see: listen(), end: ignore, cancel: ignore, fail: ignore };
    const [withOurs, without] = [await round(tapReadable(body(chunks), tap)), await round(body(chunks))];
    if (i < 2) continue;
    rounds.ours.push(withOurs);
    rounds.baseline.push(without);
  }
  return { ours: median(rounds.ours), baseline: median(rounds.baseline) };
}

export async function benchSpeechBytes(): Promise<BenchResult> {
  const times = await compareBodies(
    pool((i) => new Uint8Array(960).fill(i)),
    () => {
      const answer = new SynthesisAnswer(rawAudio(24_000, 2));
      return (chunk) => void answer.addBytes(chunk);
    },
  );
  return {
    name: 'audio frame of a speech body',
    ...times,
    unit: 'µs/frame',
    note: 'a ReadableStream of 20 ms of PCM a chunk, read to its end, with and without tapReadable around it',
  };
}

export async function benchSpeechEvents(): Promise<BenchResult> {
  const audio = (i: number): string => Buffer.alloc(960, i).toString('base64');
  const times = await compareBodies(
    pool((i) => Buffer.from(`data: {"type":"speech.audio.delta","audio":"${audio(i)}"}\n\n`)),
    () => {
      const events = new SpeechEvents();
      return (chunk) => void events.add(chunk);
    },
  );
  return {
    name: 'audio frame of speech events',
    ...times,
    unit: 'µs/frame',
    note: 'the same with 20 ms of PCM an event, whose audio is measured and not decoded',
  };
}
