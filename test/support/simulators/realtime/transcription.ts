import { delay } from '../../../../demo/simulators/server.ts';
import type { RealtimeConnection } from './connection.ts';
import { textTokens, userAudioTokens } from './history.ts';
import type { Utterance } from './input.ts';

/** Sends the transcript of what the user said, a while after it. */
export async function transcribe(
  connection: RealtimeConnection,
  { itemId, spoken, seconds }: Utterance,
  model: string,
): Promise<void> {
  const { random, options, record, sessionId } = connection.init;
  const prefix = 'conversation.item.input_audio_transcription';
  await delay(random.between(...(options.transcriptionMs ?? [200, 500])));
  if (connection.gone) return;
  const [first = '', ...rest] = spoken.split(' ');
  const place = { item_id: itemId, content_index: 0 };
  connection.send({ type: `${prefix}.delta`, ...place, delta: first });
  if (rest.length > 0) connection.send({ type: `${prefix}.delta`, ...place, delta: ` ${rest.join(' ')}` });
  const inputTokens = userAudioTokens(seconds);
  const outputTokens = textTokens(spoken);
  record({ kind: 'transcribed', sessionId, itemId, text: spoken, seconds, inputTokens, outputTokens });
  connection.send({
    type: `${prefix}.completed`,
    ...place,
    transcript: spoken,
    usage: /whisper/.test(model)
      ? { type: 'duration', seconds }
      : {
          type: 'tokens',
          total_tokens: inputTokens + outputTokens,
          input_tokens: inputTokens,
          input_token_details: { text_tokens: 0, audio_tokens: inputTokens },
          output_tokens: outputTokens,
        },
  });
}
