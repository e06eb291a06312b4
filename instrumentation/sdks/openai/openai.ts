import { providerAt } from '../../../model/providers.ts';
import { guard } from '../../call/spans.ts';
import { at, foreign, pick, wrapOnce } from '../kit/patch.ts';
import { type StartRequest, tracedRequest } from '../kit/requests/sdk-request.ts';
import { transcriptionRequest } from '../kit/requests/transcription-request.ts';
import { chatRequest } from './chat-completions.ts';
import { responseRequest } from './responses.ts';
import { speechRequest } from './speech-request.ts';

/**
 * `openai`: chat completions, responses, speech and transcription over HTTP, of OpenAI and of services that speak its
 * protocol. Convenience methods (`stream`, `parse`, `runTools`) go through these.
 */
export function patchOpenAi(moduleExports: unknown): void {
  guard('patching openai', () => {
    const client = pick(moduleExports, 'OpenAI');
    const trace = (start: StartRequest, ...path: string[]): void =>
      wrapOnce(at(client, ...path, 'prototype'), 'create', tracedRequest('openai', start));
    trace(chatRequest(provider), 'Chat', 'Completions');
    trace(responseRequest(provider), 'Responses');
    trace(responseRequest(provider), 'Beta', 'Responses');
    trace(speechRequest(provider), 'Audio', 'Speech');
    trace(transcriptionRequest(provider), 'Audio', 'Transcriptions');
  });
}

/** Who answers a request that is made through a resource of a client, such as `client.chat.completions`. */
function provider(resource: unknown): string {
  const client = foreign(at(resource, '_client'));
  // An `AzureOpenAI` speaks to Azure also through a gateway whose host says nothing.
  const azure = client !== undefined && 'apiVersion' in client && 'deploymentName' in client;
  // A host that is not known is a proxy or a server of one's own: it is the protocol that is known.
  return azure ? 'azure.ai.openai' : (providerAt(client?.baseURL) ?? 'openai');
}
