import { openStage } from '../../call/open-stage.ts';
import { modelName } from '../kit/patch.ts';
import { SdkRequest, type StartRequest } from '../kit/requests/sdk-request.ts';
import { ChatAnswer } from './chat-answer.ts';
import { inputMessages, promptCharacters } from './chat-prompt.ts';

/** Starts following a chat completion, streamed or whole. `provider` names who answers. */
export const chatRequest =
  (provider: (resource: unknown) => string): StartRequest =>
  (body, resource, adoption) =>
    new SdkRequest(
      openStage('llm', {
        provider: provider(resource),
        model: modelName(body.model),
        streaming: body.stream === true,
        inputMessages: () => inputMessages(body.messages),
        adoption,
      }),
      // Counted now: an application appends to its list of messages while the answer streams.
      new ChatAnswer(promptCharacters(body.messages)),
    );
