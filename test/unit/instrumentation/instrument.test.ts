import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { ElevenLabsClient } from '@elevenlabs/elevenlabs-js';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { AssemblyAI, StreamingTranscriber } from 'assemblyai';
import Groq from 'groq-sdk';
import { WebSocket } from 'ws';
import {
  instrumentAnthropic,
  instrumentAssemblyAI,
  instrumentDeepgram,
  instrumentElevenLabs,
  instrumentGroq,
  instrumentSockets,
} from '../../../instrumentation/instrument.ts';

describe('instrumenting a client by hand', () => {
  const warnings: string[] = [];
  const listen = (): void => {
    const ignore = (): void => {};
    diag.setLogger(
      {
        error: ignore,
        warn: (message) => warnings.push(message),
        info: ignore,
        debug: ignore,
        verbose: ignore,
      },
      { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
    );
  };
  afterEach(() => {
    diag.disable();
    warnings.length = 0;
  });

  it('gives the client back, and does nothing the second time', () => {
    listen();
    const groq = new Groq({ apiKey: 'test' });
    assert.equal(instrumentGroq(groq), groq);
    const { create } = Groq.Chat.Completions.prototype;
    assert.equal(instrumentGroq(Groq), Groq);
    assert.equal(Groq.Chat.Completions.prototype.create, create);
    assert.deepEqual(warnings, []);
  });

  it('finds the clients of Anthropic and ElevenLabs, and the sockets that lead to ElevenLabs', () => {
    listen();
    instrumentAnthropic(new Anthropic({ apiKey: 'test' }));
    instrumentElevenLabs(new ElevenLabsClient({ apiKey: 'test' }));
    instrumentSockets(WebSocket);
    assert.deepEqual(warnings, []);
  });

  it('finds the client behind a class of the application’s own', () => {
    listen();
    class OurGroq extends Groq {}
    instrumentGroq(new OurGroq({ apiKey: 'test' }));
    assert.deepEqual(warnings, []);
  });

  it('finds the transcribers of a client that shows no class of theirs', () => {
    listen();
    const assemblyAi = instrumentAssemblyAI(new AssemblyAI({ apiKey: 'test' }));
    const transcriber = assemblyAi.streaming.transcriber({ sampleRate: 8_000 });
    const { connectOnce } = StreamingTranscriber.prototype as unknown as { connectOnce: unknown };
    assert.equal(instrumentAssemblyAI(transcriber), transcriber);
    assert.equal(instrumentAssemblyAI(StreamingTranscriber), StreamingTranscriber);
    assert.equal((transcriber as unknown as { connectOnce: unknown }).connectOnce, connectOnce);
    assert.deepEqual(warnings, []);
    instrumentAssemblyAI({});
    assert.match(String(warnings), /expected an AssemblyAI or StreamingTranscriber of assemblyai; nothing/);
  });

  it('warns of what is not such a client, and leaves it as it is', () => {
    listen();
    const map = new Map();
    assert.equal(instrumentDeepgram(map), map);
    assert.equal(instrumentDeepgram(undefined as never), undefined);
    assert.deepEqual(warnings, [
      'earshot: saw an instance of Map, expected a DeepgramClient of @deepgram/sdk, or its class; nothing is instrumented.',
      'earshot: saw undefined, expected a DeepgramClient of @deepgram/sdk, or its class; nothing is instrumented.',
    ]);
  });
});
