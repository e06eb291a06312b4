import { openStage } from '../../call/open-stage.ts';
import { guard } from '../../call/spans.ts';
import { at, type Foreign, pick, text, wrapOnce } from '../kit/patch.ts';
import { SdkRequest, tracedRequest } from '../kit/requests/sdk-request.ts';
import { inputMessages, promptCharacters } from '../openai/chat-prompt.ts';
import { OllamaAnswer } from './answer.ts';

/** `ollama`: `chat` and `generate`, streamed or whole. */
export function patchOllama(moduleExports: unknown): void {
  guard('patching ollama', () => {
    // Both are inherited from a class that is not exported.
    const client = at(pick(moduleExports, 'Ollama'), 'prototype');
    for (const name of ['chat', 'generate']) wrapOnce(client, name, tracedRequest('ollama', start));
  });
}

function start(request: Foreign): SdkRequest {
  const messages = request.messages ?? prompt(request);
  return new SdkRequest(
    openStage('llm', {
      provider: 'ollama',
      model: text(request.model),
      streaming: request.stream === true,
      inputMessages: () => inputMessages(messages),
    }),
    new OllamaAnswer(promptCharacters(messages)),
  );
}

/** What `generate` is asked with, as messages. */
const prompt = ({ system, prompt: content }: Foreign): object[] => [
  ...(text(system) ? [{ role: 'system', content: system }] : []),
  { role: 'user', content },
];
