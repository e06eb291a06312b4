import type { Adoption } from '../../call/adoption.ts';
import { at, type Foreign, foreign, text, wrapOnce } from '../kit/patch.ts';
import { tracedFernRequest } from '../kit/requests/http-response-promise.ts';
import { ElevenLabsSynthesis } from './synthesis.ts';

/** `client.textToSpeech`: one voice, one text. */
export const traceTextToSpeech = (resource: unknown): void => traceMethods(resource, 1);

/** `client.textToDialogue`: several voices, each with its text. */
export const traceTextToDialogue = (resource: unknown): void => traceMethods(resource, 0);

/** Those of the old package too, which writes the fields of a request as the API does. */
const METHODS = ['stream', 'streamWithTimestamps', 'convert', 'convertAsStream', 'convertWithTimestamps'];

/** @param position Of the request among the arguments. */
function traceMethods(resource: unknown, position: number): void {
  const methods = foreign(resource);
  if (!methods) return;
  const traced = tracedFernRequest('elevenlabs', start, position);
  for (const name of METHODS) wrapOnce(Object.getPrototypeOf(methods), name, traced);
}

function start(request: Foreign, _resource: unknown, adoption: Adoption | undefined): ElevenLabsSynthesis {
  const synthesis = ElevenLabsSynthesis.start(
    text(request.modelId ?? request.model_id),
    request.outputFormat ?? request.output_format,
    adoption,
  );
  const { inputs } = request;
  for (const spoken of Array.isArray(inputs) ? inputs : [request]) synthesis.say(at(spoken, 'text'));
  return synthesis;
}
