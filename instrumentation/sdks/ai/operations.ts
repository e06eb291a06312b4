import { providerOf } from '../../../model/providers.ts';
import { nowMs } from '../../call/clock.ts';
import { openStage } from '../../call/open-stage.ts';
import { openRecordedSpeech, type RecordedAudio } from '../../call/recorded-speech.ts';
import type { Stage, StageResult } from '../../call/stage.ts';
import { at, type Foreign, modelName, objects, quantity, text } from '../kit/patch.ts';
import { Deadline } from '../kit/requests/deadline.ts';
import { known } from '../kit/usage.ts';
import { finishReason, readUsage } from './answer.ts';

/** OpenAI's `pcm`: 24 kHz, 16 bits. Of other formats the size does not tell how long they are heard. */
const PCM_BYTES_PER_SECOND = 48_000;

/** A stage of one request, whose result comes all at once. */
type OneRequest = Pick<Stage, 'firstByte' | 'end' | 'cancel' | 'fail'>;

interface Open {
  readonly stage: OneRequest;
  /** What a transcript says of its recording. */
  audio: RecordedAudio;
  readonly startMs: number;
  readonly deadline: Deadline;
}

/** Operations of the AI SDK that are one request each and of which it tells the start and the end only. */
export class AiOperations {
  readonly #open = new Map<unknown, Open>();

  started(event: Foreign): void {
    const facts = { provider: providerOf(event.provider), model: modelName(event.modelId) };
    if (event.operationId === 'ai.generateSpeech') this.#start(event, openStage('tts', facts));
    else if (event.operationId === 'ai.transcribe')
      this.#start(
        event,
        openRecordedSpeech(facts, () => this.#open.get(event.callId)?.audio ?? {}),
      );
  }

  ended(event: Foreign): void {
    if (event.operationId === 'ai.generateSpeech') this.#end(event, speechResult(event));
    else if (event.operationId === 'ai.transcribe')
      this.#end(event, transcriptionResult(event), recordingOf(event));
  }

  /** `generateObject` or `streamObject`, which go to the model by a way of their own. */
  objectStarted(event: Foreign): void {
    this.#start(
      event,
      openStage('llm', { provider: providerOf(event.provider), model: modelName(event.modelId) }),
    );
  }

  objectEnded(event: Foreign): void {
    const reason = finishReason(event.finishReason);
    this.#end(event, {
      usage: readUsage(event.usage, event.providerMetadata),
      responseId: text(at(event, 'response', 'id')),
      responseModel: modelName(at(event, 'response', 'modelId')),
      finishReasons: reason ? [reason] : [],
    });
  }

  failed(callId: unknown, error: unknown): void {
    this.#over(callId, (open) => open.stage.fail(error));
  }

  #start({ callId }: Foreign, stage: OneRequest): void {
    const deadline = new Deadline(() => this.#over(callId, (open) => open.stage.cancel()));
    this.#open.set(callId, { stage, audio: {}, startMs: nowMs(), deadline });
  }

  #end({ callId, msToFirstChunk }: Foreign, result: StageResult, audio: RecordedAudio = {}): void {
    this.#over(callId, (open) => {
      open.audio = audio;
      const waitedMs = quantity(msToFirstChunk);
      open.stage.firstByte(waitedMs === undefined ? undefined : open.startMs + waitedMs);
      open.stage.end(result);
    });
  }

  #over(callId: unknown, finish: (open: Open) => void): void {
    const open = this.#open.get(callId);
    if (!open) return;
    open.deadline.over();
    finish(open);
    this.#open.delete(callId);
  }
}

function speechResult(event: Foreign): StageResult {
  const words = text(event.text);
  const bytes = quantity(at(event, 'audio', 'byteLength'));
  const pcm = at(event, 'audio', 'format') === 'pcm' && providerOf(event.provider) === 'openai';
  return {
    text: words,
    usage: known({
      characters: words === undefined ? undefined : [...words].length,
      audioSeconds: pcm && bytes !== undefined ? bytes / PCM_BYTES_PER_SECOND : undefined,
    }),
  };
}

const transcriptionResult = (event: Foreign): StageResult => ({
  text: text(event.text),
  usage: known({ audioSeconds: quantity(event.durationInSeconds) }),
});

/** Where in its recording a transcript has words: by word where the model tells, else by segment. */
function recordingOf({ durationInSeconds, words, segments }: Foreign): RecordedAudio {
  const spoken = objects(words ?? segments);
  return {
    seconds: quantity(durationInSeconds),
    speechStartSeconds: quantity(spoken[0]?.startSecond),
    speechEndSeconds: quantity(spoken.at(-1)?.endSecond),
  };
}
