import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { Decimal } from 'decimal.js';
import type { Played } from '../../support/examples/livekit.ts';
import { listPrice } from '../../support/ground-truth.ts';
import type { StoredCall } from '../../support/observed-world.ts';

/** Deepgram's plugin tells what it used every five seconds, and not what is left at the end. */
const MOST_UNREPORTED_SECONDS = 5.1;

/** Claims that the rows of a session say what the caller heard and what the providers did. */
export function assertRows(
  { logs, metrics, facts }: StoredCall,
  { conversation, chat, listened, speech }: Played,
): void {
  const { spoken } = conversation;
  assert.deepEqual(
    logs.map(({ initiator, interrupted }) => [initiator, interrupted]),
    [
      ['agent', false],
      ['user', false],
      ['user', true],
      ['user', false],
      ['user', false],
    ],
  );
  assert.equal(metrics.agent_name, 'receptionist');
  assert.equal(metrics.end_reason, 'user_initiated');
  assert.equal(metrics.interruption_count, 1);
  const users = logs.filter(({ initiator }) => initiator === 'user');
  assert.equal(users.length, spoken.length);
  const stages = facts.flatMap((fact) => (fact.type === 'stage' ? [fact] : []));
  for (const row of users) {
    assert.equal(row.eou_source, 'vad');
    assert.equal(row.playback_source, 'observed');
    for (const column of ['eou_latency', 'ttfb_stt', 'ttfb_llm', 'ttfb_tts'] as const)
      assert.ok(
        (row[column] ?? 0) > 0,
        `${column} of turn ${row.turn_index}: ${row[column]}, with ${inspect(stages, { depth: 4, maxArrayLength: null })}`,
      );
  }

  // Usage and money: each request was paid for, once.
  const finished = chat.filter((event) => event.kind === 'finished');
  const input = sum(finished.map(({ usage }) => usage.prompt_tokens));
  const output = sum(finished.map(({ usage }) => usage.completion_tokens));
  assert.equal(metrics.llm_input_tokens, input);
  assert.equal(metrics.llm_output_tokens, output);
  const characters = sum(speech.map(({ text }) => text.length));
  assert.equal(metrics.tts_characters, characters);
  const sent = sum(listened.flatMap((event) => (event.kind === 'closed' ? event.audioSeconds : [])));
  const seconds = metrics.stt_audio_seconds ?? Number.NaN;
  assert.ok(sent - seconds >= -0.001 && sent - seconds < MOST_UNREPORTED_SECONDS, `${seconds} of ${sent} s`);
  const at = metrics.started_at;
  const price = (provider: string, model: string, unit: string, mode?: string) =>
    listPrice(provider, model, unit, at, mode);
  const llm = price('openai', 'gpt-4o-mini', 'per_million_input_tokens')
    .times(input)
    .plus(price('openai', 'gpt-4o-mini', 'per_million_output_tokens').times(output))
    .dividedBy(1e6);
  const tts = price('openai', 'tts-1', 'per_million_characters').times(characters).dividedBy(1e6);
  const stt = price('deepgram', 'nova-3', 'per_audio_minute', 'streaming').times(seconds).dividedBy(60);
  for (const [what, cost, expected] of [
    ['llm', metrics.cost_llm, llm],
    ['tts', metrics.cost_tts, tts],
    ['stt', metrics.cost_stt, stt],
  ] as const)
    assert.ok(cost !== null && new Decimal(cost).equals(expected), `${what}: ${cost}, expected ${expected}`);
  assert.deepEqual(metrics.unpriced, ['livekit:livekit/connection']);
  assert.equal(stages.filter(({ stage }) => stage === 'tool').length, 1);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
