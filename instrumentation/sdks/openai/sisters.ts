import { guard } from '../../call/spans.ts';
import { at, pick, wrapOnce } from '../kit/patch.ts';
import { type StartRequest, tracedRequest } from '../kit/requests/sdk-request.ts';
import { transcriptionRequest } from '../kit/requests/transcription-request.ts';
import type { Patch } from '../kit/sdk.ts';
import { chatRequest } from './chat-completions.ts';
import { speechRequest } from './speech-request.ts';

/** An SDK that is made as `openai` is, by the same generator, for an API of the same form. */
interface Sister {
  readonly packageName: string;
  /** What it exports its client as. */
  readonly client: string;
  /** Who answers. */
  readonly provider: string;
}

/** Patches one: chat completions, speech and transcription, as far as it has them. */
export const patchSister =
  ({ packageName, client: name, provider }: Sister): Patch =>
  (moduleExports) =>
    void guard(`patching ${packageName}`, () => {
      const client = pick(moduleExports, name);
      const answering = (): string => provider;
      const trace = (start: StartRequest, ...path: string[]): void =>
        wrapOnce(at(client, ...path, 'prototype'), 'create', tracedRequest(provider, start));
      trace(chatRequest(answering), 'Chat', 'Completions');
      trace(speechRequest(answering), 'Audio', 'Speech');
      trace(transcriptionRequest(answering), 'Audio', 'Transcriptions');
    });
