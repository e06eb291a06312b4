import { createRequire } from 'node:module';
import { type handleBidiStreamingCall, type handleUnaryCall, Server, ServerCredentials } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { type Heard, Listener } from '../../../demo/simulators/listening.ts';
import { createRandom } from '../../../demo/simulators/random.ts';
import { Sequence } from '../../../demo/simulators/sequence.ts';
import { wavHeader } from './wav.ts';

const require = createRequire(import.meta.url);
const OPTIONS = { keepCase: false, longs: String, enums: String, defaults: true, oneofs: true };

/** How long what is synthesized lasts, whatever is said. */
export const SPOKEN_SECONDS = 0.5;
export const SPOKEN_RATE = 8_000;

/** A server of gRPC that stands for services of Google Cloud. */
export interface GoogleCloudSimulator {
  readonly port: number;
  close(): void;
}

/** The definition of a service, as its SDK brings it. */
function serviceOf(protos: string, path: string): never {
  const json = require(protos) as Parameters<typeof fromJSON>[0];
  return fromJSON(json, OPTIONS)[path] as never;
}

/** Starts a server that speaks Google's recognition and synthesis. It recognises the recordings of demo/speech. */
export async function startGoogleCloudSimulator(): Promise<GoogleCloudSimulator> {
  const server = new Server();
  server.addService(
    serviceOf('@google-cloud/speech/build/protos/protos.json', 'google.cloud.speech.v1.Speech'),
    { streamingRecognize } as never,
  );
  server.addService(
    serviceOf(
      '@google-cloud/text-to-speech/build/protos/protos.json',
      'google.cloud.texttospeech.v1.TextToSpeech',
    ),
    { synthesizeSpeech, streamingSynthesize } as never,
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return { port, close: () => server.forceShutdown() };
}

interface RecogniseRequest {
  readonly streamingConfig?: { readonly config: { readonly sampleRateHertz: number } } | null;
  readonly audioContent?: Buffer;
}

const duration = (seconds: number) => ({
  seconds: String(Math.floor(seconds)),
  nanos: Math.round((seconds % 1) * 1e9),
});

const streamingRecognize: handleBidiStreamingCall<RecogniseRequest, object> = (call) => {
  const random = createRandom(1, 'google');
  const sequence = new Sequence(random, [20, 70]);
  let listener: Listener | undefined;
  let seconds = 0;
  const hear = (heard: Heard): void => {
    if (heard.kind !== 'results' || heard.words.length === 0) return;
    const words = heard.words.map(({ word, start, end }) => ({
      word,
      startTime: duration(start),
      endTime: duration(end),
    }));
    const transcript = heard.words.map(({ word }) => word).join(' ');
    const alternatives = [{ transcript, confidence: 0.9, words: heard.isFinal ? words : [] }];
    const resultEndTime = duration(heard.start + heard.duration);
    const result = { alternatives, isFinal: heard.isFinal, stability: 0.9, resultEndTime };
    sequence.later(() => call.write({ results: [result] }));
  };
  call.on('data', ({ streamingConfig, audioContent }: RecogniseRequest) => {
    if (streamingConfig) {
      const sampleRate = streamingConfig.config.sampleRateHertz;
      listener = new Listener(
        {
          encoding: 'mulaw',
          sampleRate,
          interimResults: true,
          endpointingMs: 300,
          utteranceEndMs: undefined,
          random,
        },
        hear,
      );
    } else if (audioContent) {
      seconds += audioContent.length / 8_000;
      listener?.push(audioContent);
    }
  });
  call.on('end', () => {
    listener?.finalize(true);
    // Billed by the second.
    sequence.later(() => call.write({ results: [], totalBilledTime: duration(Math.ceil(seconds)) }));
    sequence.later(() => call.end());
  });
};

const samples = (): Buffer => Buffer.alloc(SPOKEN_SECONDS * SPOKEN_RATE * 2);

const synthesizeSpeech: handleUnaryCall<{ input: { text: string } }, object> = ({ request }, answer) => {
  if (request.input.text === 'nothing') answer({ code: 3, details: 'INVALID_ARGUMENT' });
  else {
    const audio = samples();
    answer(null, { audioContent: Buffer.concat([wavHeader(SPOKEN_RATE), audio]) });
  }
};

const streamingSynthesize: handleBidiStreamingCall<object, object> = (call) => {
  call.on('data', () => {});
  call.on('end', () => {
    const audio = samples();
    call.write({ audioContent: audio.subarray(0, audio.length / 2) });
    call.write({ audioContent: audio.subarray(audio.length / 2) });
    call.end();
  });
};
