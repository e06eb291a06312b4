import * as deepgramSdk from '@deepgram/sdk';
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { patchDeepgram } from '../instrumentation/sdks/deepgram/deepgram.ts';
import { benchSpeechBytes, benchSpeechEvents } from './frames/bodies.ts';
import {
  benchAssemblyAi,
  benchCartesia,
  benchDeepgram,
  benchDeepgramSpeech,
  benchOpenAiRealtime,
  benchScribe,
  speechSocket,
} from './frames/clients.ts';
import {
  benchElevenLabs,
  benchPlivoIn,
  benchPlivoOut,
  benchRawSockets,
  benchTwilioIn,
  benchTwilioOut,
} from './frames/sockets.ts';
import type { BenchResult } from './result.ts';

/**
 * What our wrappers add to a frame of audio: 20 ms of mulaw, 50 a second in each direction of each call.
 *
 * Method: the same call with and without our wrapper, against an end that does nothing, so that the difference is ours
 * and not the network's. Frames come from a pool of different ones, as strings and buffers of their own, because an
 * engine may remember what it has seen. Ten rounds of 100,000 frames, the two in turns, after a warm-up; the median
 * round counts.
 */
export async function benchAudioFrame(): Promise<BenchResult[]> {
  // Without a context manager nothing is carried along, which would flatter us. Does nothing when there is one.
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const plainSpeech = await speechSocket();
  patchDeepgram(deepgramSdk);
  return [
    await benchDeepgram('v1', 'audio frame to Deepgram', 'nova-3'),
    await benchDeepgram('v2', 'audio frame to Deepgram Flux', 'flux-general-en'),
    await benchDeepgramSpeech(plainSpeech),
    await benchAssemblyAi(),
    benchCartesia(),
    benchOpenAiRealtime(),
    benchTwilioIn(),
    benchTwilioOut(),
    benchPlivoIn(),
    benchPlivoOut(),
    benchElevenLabs(),
    ...benchRawSockets(),
    await benchScribe(),
    await benchSpeechBytes(),
    await benchSpeechEvents(),
  ];
}
