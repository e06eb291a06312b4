import { openStage } from '../../call/open-stage.ts';
import { guard } from '../../call/spans.ts';
import { at, type Foreign, foreign, objects, pick, text, wrapOnce } from '../kit/patch.ts';
import { tracedFernRequest } from '../kit/requests/http-response-promise.ts';
import { SdkRequest, type StartRequest } from '../kit/requests/sdk-request.ts';
import { inputMessages, promptCharacters } from '../openai/chat-prompt.ts';
import { CohereAnswer } from './answer.ts';

type Constructor = new (options: object) => unknown;

/** `cohere-ai`: `chat` and `chatStream` of both versions of its API. */
export function patchCohere(moduleExports: unknown): void {
  guard('patching cohere-ai', () => {
    const client = pick(moduleExports, 'CohereClient');
    if (typeof client !== 'function') return;
    traceChats(at(client, 'prototype'));
    // Its class is not exported, and `CohereClientV2` takes the methods of it when it is made.
    const v2 = foreign(at(new (client as unknown as Constructor)({ token: 'none' }), 'v2'));
    if (v2) traceChats(Object.getPrototypeOf(v2));
  });
}

function traceChats(client: unknown): void {
  wrapOnce(client, 'chat', tracedFernRequest('cohere', start(false)));
  wrapOnce(client, 'chatStream', tracedFernRequest('cohere', start(true)));
}

const start =
  (streaming: boolean): StartRequest =>
  (request) => {
    const messages = messagesOf(request);
    return new SdkRequest(
      openStage('llm', {
        provider: 'cohere',
        model: text(request.model),
        streaming,
        inputMessages: () => inputMessages(messages),
      }),
      new CohereAnswer(promptCharacters(messages)),
    );
  };

/** What is asked: `messages`, or in the first version of the API what came before and the message itself. */
function messagesOf({ messages, preamble, chatHistory, message }: Foreign): unknown {
  if (messages !== undefined) return messages;
  const earlier = objects(chatHistory).map(({ role, message: content }) => ({
    role: role === 'CHATBOT' ? 'assistant' : String(role).toLowerCase(),
    content,
  }));
  return [
    ...(text(preamble) ? [{ role: 'system', content: preamble }] : []),
    ...earlier,
    { role: 'user', content: message },
  ];
}
