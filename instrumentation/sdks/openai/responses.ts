import { openStage } from '../../call/open-stage.ts';
import { text } from '../kit/patch.ts';
import { SdkRequest, type StartRequest } from '../kit/requests/sdk-request.ts';
import { ResponsesAnswer } from './responses-answer.ts';
import { inputMessages, promptCharacters } from './responses-prompt.ts';

/** Starts following `responses.create`, streamed or whole. `provider` names who answers. */
export const responseRequest =
  (provider: (resource: unknown) => string): StartRequest =>
  (body, resource, adoption) =>
    new SdkRequest(
      openStage('llm', {
        provider: provider(resource),
        model: text(body.model),
        streaming: body.stream === true,
        inputMessages: () => inputMessages(body),
        adoption,
      }),
      new ResponsesAnswer(promptCharacters(body)),
    );
