import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readUsage } from '../../../instrumentation/sdks/genai/usage.ts';

test('thoughts are a part of the answer, results of tools a part of the prompt, and audio is told apart', () => {
  const details = (text: number, audio: number) => [
    { modality: 'TEXT', tokenCount: text },
    { modality: 'AUDIO', tokenCount: audio },
  ];
  assert.deepEqual(
    readUsage({
      promptTokenCount: 100,
      promptTokensDetails: details(40, 60),
      toolUsePromptTokenCount: 12,
      toolUsePromptTokensDetails: details(2, 10),
      cachedContentTokenCount: 30,
      cacheTokensDetails: details(10, 20),
      candidatesTokenCount: 50,
      candidatesTokensDetails: details(5, 45),
      thoughtsTokenCount: 8,
    }),
    {
      inputTokens: 112,
      cachedInputTokens: 30,
      inputAudioTokens: 70,
      cachedInputAudioTokens: 20,
      outputTokens: 58,
      outputAudioTokens: 45,
      reasoningTokens: 8,
    },
  );
  assert.deepEqual(readUsage({ responseTokenCount: 5, responseTokensDetails: details(0, 5) }), {
    outputTokens: 5,
    outputAudioTokens: 5,
  });
});

test('what is not told is unknown', () => {
  assert.equal(readUsage(undefined), undefined);
  assert.equal(readUsage({}), undefined);
  assert.equal(readUsage({ promptTokenCount: -1, candidatesTokenCount: 'many' }), undefined);
});
