import { nowMs } from '../clock.ts';
import { openStage } from '../open-stage.ts';
import type { StageResult } from '../stage.ts';
import { finishReason, readUsage } from './ai-answer.ts';
import { providerOf } from './ai-providers.ts';
import { type OneRequest, openTranscription } from './batch-transcription.ts';
import { Deadline } from './deadline.ts';
import { at, type Foreign, quantity, text } from './patch.ts';

/** OpenAI's `pcm`: 24 kHz, 16 bits. Of other formats the size does not tell how long they are heard. */
const PCM_BYTES_PER_SECOND = 48_000;

interface Open {
  readonly stage: OneRequest;
  readonly startMs: number;
  readonly deadline: Deadline;
}

/** Operations of the AI SDK that are one request each and of which it tells the start and the end only. */
export class AiOperations {
  readonly #open = new Map<unknown, Open>();

  started(event: Foreign): void {
    const facts = { provider: providerOf(event.provider), model: text(event.modelId) };
    if (event.operationId === 'ai.generateSpeech') this.#start(event, openStage('tts', facts));
    else if (event.operationId === 'ai.transcribe') this.#start(event, openTranscription(facts));
  }

  ended(event: Foreign): void {
    if (event.operationId === 'ai.generateSpeech') this.#end(event, speechResult(event));
    else if (event.operationId === 'ai.transcribe') this.#end(event, transcriptionResult(event));
  }

  /** `generateObject` or `streamObject`, which go to the model by a way of their own. */
  objectStarted(event: Foreign): void {
    this.#start(
      event,
      openStage('llm', { provider: providerOf(event.provider), model: text(event.modelId) }),
    );
  }

  objectEnded(event: Foreign): void {
    const reason = finishReason(event.finishReason);
    this.#end(event, {
      usage: readUsage(event.usage),
      responseId: text(at(event, 'response', 'id')),
      responseModel: text(at(event, 'response', 'modelId')),
      finishReasons: reason ? [reason] : [],
    });
  }

  failed(callId: unknown, error: unknown): void {
    this.#take(callId)?.stage.fail(error);
  }

  #start({ callId }: Foreign, stage: OneRequest): void {
    const deadline = new Deadline(() => this.#take(callId)?.stage.cancel());
    this.#open.set(callId, { stage, startMs: nowMs(), deadline });
  }

  #end({ callId, msToFirstChunk }: Foreign, result: StageResult): void {
    const open = this.#take(callId);
    const waitedMs = quantity(msToFirstChunk);
    open?.stage.firstByte(waitedMs === undefined ? undefined : open.startMs + waitedMs);
    open?.stage.end(result);
  }

  #take(callId: unknown): Open | undefined {
    const open = this.#open.get(callId);
    this.#open.delete(callId);
    open?.deadline.over();
    return open;
  }
}

function speechResult(event: Foreign): StageResult {
  const words = text(event.text);
  const bytes = quantity(at(event, 'audio', 'byteLength'));
  const pcm = at(event, 'audio', 'format') === 'pcm' && providerOf(event.provider) === 'openai';
  return {
    text: words,
    usage: {
      ...(words !== undefined && { characters: [...words].length }),
      ...(pcm && bytes !== undefined && { audioSeconds: bytes / PCM_BYTES_PER_SECOND }),
    },
  };
}

function transcriptionResult(event: Foreign): StageResult {
  const seconds = quantity(event.durationInSeconds);
  return { text: text(event.text), ...(seconds !== undefined && { usage: { audioSeconds: seconds } }) };
}
