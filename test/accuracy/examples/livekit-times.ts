import assert from 'node:assert/strict';
import type { CallLogRow } from '../../../model/rows.ts';
import type { Played } from '../../support/examples/livekit.ts';
import type { Measurement } from '../../support/ground-truth.ts';
import type { StoredCall } from '../../support/observed-world.ts';

/** LiveKit reads the same clock. */
const MOST_BESIDE_FRAMEWORK_MS = 5;
/** Its first sample is loud enough a little later. */
const MOST_SPEECH_START_MS = 60;

/** Milliseconds from one instant to another. */
type Between = readonly [fromMs: number | undefined, toMs: number | undefined];

/** Every time of a session that was measured, beside what the caller and the providers saw. */
export function measureSession({ logs }: StoredCall, played: Played): Measurement[] {
  const { spoken, heard, reported } = played.conversation;
  const users = logs.filter(({ initiator }) => initiator === 'user');
  assert.equal(users.length, spoken.length);
  return users.flatMap((row, i) => {
    const where = `turn ${row.turn_index}`;
    const measurement = (
      column: string,
      measuredSeconds: number | null,
      [fromMs, toMs]: Between,
      mostErrorMs?: number,
    ): Measurement => {
      assert.ok(
        measuredSeconds !== null && fromMs !== undefined && toMs !== undefined,
        `${where}: ${column}`,
      );
      const truth = { fromMicros: fromMs * 1_000, toMicros: toMs * 1_000 };
      return { column, where, measuredSeconds, truth, ...(mostErrorMs && { mostErrorMs }) };
    };
    const startMs = row.created_at / 1_000;
    const { startMs: spokenMs, endMs = Number.NaN } = spoken[i] ?? {};
    const heardMs = heard.find((each) => each.startMs > endMs)?.startMs ?? Number.NaN;
    const framework = reported.find((each) => Math.abs(each.startMs - heardMs) <= 2);
    assert.ok(framework, `LiveKit reports ${where}`);
    const reportedFrom = heardMs - framework.latency * 1_000;
    const first = firstBytes(row, heardMs, played);
    return [
      measurement('eou_latency', row.eou_latency, [endMs, heardMs]),
      measurement('as reported', row.eou_latency, [reportedFrom, heardMs], MOST_BESIDE_FRAMEWORK_MS),
      measurement('created_at', startMs / 1_000, [0, spokenMs], MOST_SPEECH_START_MS),
      measurement('ttfb_stt', row.ttfb_stt, first.stt),
      measurement('ttfb_llm', row.ttfb_llm, first.llm),
      measurement('ttfb_tts', row.ttfb_tts, first.tts),
    ];
  });
}

/** First bytes of a turn's spoken stages, as the providers saw them. */
function firstBytes(row: CallLogRow, heardMs: number, { chat, listened, speech }: Played) {
  const startMs = row.created_at / 1_000;
  const transcript = listened.find(
    (event) =>
      event.kind === 'sent' &&
      event.atMicros / 1_000 >= startMs &&
      event.message.type === 'Results' &&
      event.message.channel.alternatives[0]?.transcript,
  );
  // The request whose answer was spoken is the last one that had begun to answer when the agent was heard.
  const answers = chat.flatMap((event) => {
    const received = chat.find((each) => each.kind === 'received' && each.requestId === event.requestId);
    if (event.kind !== 'first_token' || !received) return [];
    return { receivedMs: received.atMicros / 1_000, firstMs: event.atMicros / 1_000 };
  });
  const answer = answers.findLast(({ receivedMs, firstMs }) => receivedMs > startMs && firstMs < heardMs);
  assert.ok(answer, `a model answered turn ${row.turn_index}`);
  const synthesis = speech.find(({ receivedMs }) => receivedMs > answer.firstMs && receivedMs < heardMs);
  assert.ok(transcript && synthesis, `turn ${row.turn_index} was heard, and a voice spoke it`);
  return {
    stt: [startMs, transcript.atMicros / 1_000],
    llm: [answer.receivedMs, answer.firstMs],
    tts: [synthesis.receivedMs, synthesis.sentMs],
  } as const satisfies Record<string, Between>;
}
