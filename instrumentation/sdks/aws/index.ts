import { createRequire } from 'node:module';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);

export const sdks = [
  {
    packageName: '@aws-sdk/client-bedrock-runtime',
    supportedVersions: ['>=3.592.0 <4'],
    uses: { 'language models': 'Converse, InvokeModel' },
    byHand: { instrumentBedrock: 'BedrockRuntimeClient' },
    load: () => (file('./bedrock.js') as typeof import('./bedrock.ts')).patchBedrock,
  },
  {
    packageName: '@aws-sdk/client-polly',
    supportedVersions: ['>=3.622.0 <4'],
    uses: { 'text-to-speech': '' },
    byHand: { instrumentPolly: 'PollyClient' },
    load: () => (file('./polly.js') as typeof import('./polly.ts')).patchPolly,
  },
  {
    packageName: '@aws-sdk/client-transcribe-streaming',
    supportedVersions: ['>=3.772.0 <4'],
    uses: { 'speech-to-text': '' },
    byHand: { instrumentTranscribe: 'TranscribeStreamingClient' },
    load: () => (file('./transcribe.js') as typeof import('./transcribe.ts')).patchTranscribe,
  },
] as const satisfies readonly SupportedSdk[];
