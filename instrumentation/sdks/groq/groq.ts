import { guard } from '../../call/spans.ts';
import { at, pick, wrapOnce } from '../kit/patch.ts';
import { type StartRequest, tracedRequest } from '../kit/requests/sdk-request.ts';
import { transcriptionRequest } from '../kit/requests/transcription-request.ts';
import { chatRequest } from '../openai/chat-completions.ts';
import { speechRequest } from '../openai/speech-request.ts';

/** `groq-sdk`: chat completions, speech and transcription, whose methods are those of OpenAI. */
export function patchGroq(moduleExports: unknown): void {
  guard('patching groq-sdk', () => {
    const client = pick(moduleExports, 'Groq');
    const provider = (): string => 'groq';
    const trace = (start: StartRequest, ...path: string[]): void =>
      wrapOnce(at(client, ...path, 'prototype'), 'create', tracedRequest('groq', start));
    trace(chatRequest(provider), 'Chat', 'Completions');
    trace(speechRequest(provider), 'Audio', 'Speech');
    trace(transcriptionRequest(provider), 'Audio', 'Transcriptions');
  });
}
