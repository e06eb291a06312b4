import { guard } from '../spans.ts';
import { chatRequest } from './chat-completions.ts';
import { at, pick, wrapOnce } from './patch.ts';
import { type StartRequest, tracedRequest } from './sdk-request.ts';
import { speechRequest } from './speech-request.ts';
import { transcriptionRequest } from './transcription-request.ts';

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
