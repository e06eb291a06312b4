import { openRecordedSpeech } from '../../../call/recorded-speech.ts';
import { guard } from '../../../call/spans.ts';
import { audioSeconds, readWavHeader, WAV_HEAD_BYTES } from '../audio-format.ts';
import { text } from '../patch.ts';
import { SdkRequest, type StartRequest } from './sdk-request.ts';
import { TranscriptionAnswer } from './transcription-answer.ts';

/** Starts following `audio.transcriptions.create` of OpenAI and Groq, or `stt.transcribe` of Cartesia. `provider` names who transcribes. */
export const transcriptionRequest =
  (provider: (resource: unknown) => string): StartRequest =>
  (body, resource) => {
    const answer = new TranscriptionAnswer();
    void measure(body.file).then((seconds) => answer.measured(seconds));
    const facts = { provider: provider(resource), model: text(body.model) };
    return new SdkRequest(
      openRecordedSpeech(facts, () => answer.audio),
      answer,
    );
  };

/** Seconds of a WAV recording in memory, by its header: most transcripts do not say how much audio is billed. */
async function measure(file: unknown): Promise<number | undefined> {
  if (!(file instanceof Blob)) return undefined;
  const head = await file
    .slice(0, WAV_HEAD_BYTES)
    .arrayBuffer()
    .catch(() => undefined);
  const format = head && guard('measuring a recording', () => readWavHeader(new Uint8Array(head)));
  return format && audioSeconds(format, file.size);
}
