import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { groupCall } from '../../../exporter/calls/group.ts';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { splitCalls } from '../../../exporter/store/split.ts';
import type { CallFact, Fact, ModelUsage, SaidFact } from '../../../model/facts.ts';
import { recordedFacts } from '../../support/otlp-json.ts';
import { RECORDING_PRICES } from '../../support/recorded-rows.ts';

const T0 = 1_790_000_000_000_000;
let made = 0;
/** Seconds from the start of the call. */
const base = (name: string, from: number, to: number) => ({
  traceId: 'report',
  spanId: `${name}-${made++}`,
  callId: 'AJ_1',
  name,
  startUs: T0 + Math.round(from * 1e6),
  endUs: T0 + Math.round(to * 1e6),
});
const said = (by: SaidFact['by'], from: number, to: number, more: Partial<SaidFact> = {}): SaidFact => ({
  ...base(by, from, to),
  type: 'said',
  by,
  isTimed: true,
  ...more,
});
const report = (used: ModelUsage[], to = 20): CallFact => ({
  ...base('report', 0, to),
  type: 'call',
  reported: true,
  transport: 'livekit',
  used,
});
const LLM: ModelUsage = {
  stage: 'llm',
  provider: 'openai',
  model: 'gpt-4o-mini',
  usage: { inputTokens: 300, outputTokens: 60 },
};
const STT: ModelUsage = {
  stage: 'stt',
  provider: 'deepgram',
  model: 'nova-3',
  usage: { audioSeconds: 11.7 },
};
const VOICE: ModelUsage = { stage: 'tts', provider: 'cartesia', model: 'sonic-3' };

const rowsOf = (...facts: Fact[]) => finalizeCall(facts, RECORDING_PRICES);
const USER = () =>
  said('user', 2, 4, { endOfTurnDelaySeconds: 0.5, transcriptionDelaySeconds: 0.2, words: 'Hi.' });
const AGENT = () =>
  said('agent', 5, 7, {
    reportedEouLatencySeconds: 1,
    firstTokenSeconds: 0.3,
    firstAudioSeconds: 0.1,
    characters: 40,
    words: 'Hello.',
  });

test('a history without any span makes turns: sides, silence, words, and the figures that it has', () => {
  const { metrics, logs } = rowsOf(
    report([LLM, STT, VOICE]),
    said('agent', 0.5, 1.5, { words: 'Welcome.' }),
    USER(),
    AGENT(),
  );
  assert.equal(metrics.duration_seconds, 20);
  assert.deepEqual(
    [metrics.llm_input_tokens, metrics.stt_audio_seconds, metrics.tts_characters],
    [300, 11.7, 40],
  );
  assert.ok(metrics.cost_llm !== null && metrics.cost_stt !== null && metrics.cost_tts !== null);
  assert.equal(logs.length, 2);
  const [opening, answer] = logs;
  assert.deepEqual(
    [opening?.initiator, opening?.agent_text, opening?.eou_latency],
    ['agent', 'Welcome.', null],
  );
  assert.deepEqual(
    [answer?.initiator, answer?.user_text, answer?.agent_text, answer?.stt_model, answer?.tts_model],
    ['user', 'Hi.', 'Hello.', 'nova-3', 'sonic-3'],
  );
  assert.deepEqual(
    [
      answer?.eou_latency,
      answer?.ttfb_llm,
      answer?.ttfb_tts,
      answer?.latency_stt,
      answer?.segment_endpointing,
    ],
    [1, 0.3, 0.1, 0.2, 0.5],
  );
  assert.deepEqual([answer?.playback_source, answer?.usage_estimated], ['observed', true]);
  assert.deepEqual(
    logs.map(({ sources }) => sources),
    [{ '*': 'report' }, { '*': 'report' }],
  );
});

test('a tool call without a span is one of its turn, failed or not', () => {
  const facts = [
    report([]),
    USER(),
    said('tool', 4.6, 4.8, { toolName: 'book', errorType: 'tool_error' }),
    AGENT(),
  ];
  const { turns, stages } = groupCall(facts);
  assert.deepEqual(
    stages.filter(({ stage }) => stage === 'tool').map(({ toolName, errorType }) => [toolName, errorType]),
    [['book', 'tool_error']],
  );
  assert.equal(turns.length, 1);
});

test('what was written and not spoken, and instructions, make no turn', () => {
  assert.equal(rowsOf(report([LLM]), { ...USER(), isTimed: false }).logs.length, 0);
});

test('beside turns that number themselves, as earshot’s own in the agent, it adds what models used and no turn', () => {
  const turn = {
    ...base('voice.turn', 2, 7),
    type: 'turn' as const,
    turnIndex: 0,
    initiator: 'user' as const,
  };
  const { metrics, logs } = rowsOf(turn, report([STT]), USER(), AGENT());
  assert.deepEqual([logs.length, metrics.stt_audio_seconds], [1, 11.7]);
});

const recorded = recordedFacts('livekit-js');
const callId = recorded[0]?.callId ?? '';
const spans = recorded.filter(({ callId: id }) => id === callId);

/** The history of a recorded conversation, as its spans tell it. */
const history = (): Fact[] =>
  spans.flatMap((fact): Fact[] => {
    const told = (by: SaidFact['by']): SaidFact => ({
      ...{ traceId: 'report', spanId: `said-${fact.spanId}`, callId, name: by },
      ...{ startUs: fact.startUs, endUs: fact.endUs, type: 'said', by, isTimed: true },
    });
    if (fact.type === 'turn_part' && fact.part === 'user') return [told('user')];
    if (fact.type === 'stage' && fact.stage === 'playback') return [told('agent')];
    if (fact.type === 'stage' && fact.stage === 'tool') return [told('tool')];
    return [];
  });

test('a history of which every span came adds nothing', () => {
  const { metrics, logs } = finalizeCall(spans, RECORDING_PRICES);
  const with_ = finalizeCall([...spans, ...history()], RECORDING_PRICES);
  assert.deepEqual(with_.logs, logs);
  assert.deepEqual(with_.metrics, metrics);
});

test('of a turn it is known which columns its spans alone would not give, or would give otherwise', () => {
  const rows = (...facts: Fact[]) => finalizeCall(facts, RECORDING_PRICES).logs;
  const whole = rows(...spans);
  const last = whole.at(-1);
  const playback = spans.findLast((fact) => fact.type === 'stage' && fact.stage === 'playback');
  const withoutPlayback = rows(...spans.filter((fact) => fact !== playback), ...history());
  const sources = withoutPlayback.map((row) => row.sources);
  // How long both spoke at once is known in no turn of a call where it is not known in all.
  for (const others of sources.slice(0, -1)) assert.deepEqual(others, { overlap_seconds: 'report' });
  const own = Object.keys(sources.at(-1) ?? {});
  for (const column of ['playback_source', 'agent_speech_seconds']) assert.ok(own.includes(column), column);
  for (const column of [
    'llm_model',
    'ttfb_llm',
    'user_text',
    'initiator',
    'cost_llm',
    'trace_id',
    'turn_index',
  ])
    assert.ok(!own.includes(column), column);
  // The figure is on a span, and the end of it is in the history.
  assert.deepEqual(withoutPlayback.at(-1)?.eou_latency, last?.eou_latency);

  const user = spans.findLast((fact) => fact.type === 'turn_part' && fact.part === 'user');
  const withoutUser = rows(...spans.filter((fact) => fact !== user), ...history());
  const asked = withoutUser.find(({ sources: known }) => known !== null);
  assert.ok(withoutUser.length === whole.length && asked?.sources?.['*'] === undefined);
  assert.deepEqual([asked?.sources?.initiator, asked?.sources?.llm_model], ['report', undefined]);

  const named = rows(...spans, { ...report([STT]), callId, startUs: spans[0]?.startUs ?? T0 });
  for (const row of named)
    assert.deepEqual(row.sources, row.stt_model === 'nova-3' ? { stt_model: 'report' } : null);
  assert.ok(named.some(({ sources: known }) => known !== null));
});

test('a session of nine hours, silent for two of them, is one call, and what its end has lost is completed', () => {
  const talk = spans.filter(({ type }) => type !== 'call');
  const startUs = Math.min(...talk.map((fact) => fact.startUs));
  // Ten conversations, each 50 minutes after the one before, but for the last.
  const offsets = Array.from({ length: 10 }, (_, round) => round * 3_000e6 + (round === 9 ? 4_500e6 : 0));
  const later = (facts: readonly Fact[], byUs: number) =>
    facts.map((fact): Fact => {
      const moved = { ...fact, spanId: `${fact.spanId}+${byUs}` };
      if (fact.parentSpanId !== undefined) moved.parentSpanId = `${fact.parentSpanId}+${byUs}`;
      for (const name of ['startUs', 'endUs', 'firstByteUs'] as const)
        if (name in moved)
          Object.assign(moved, { [name]: (moved as { startUs: number })[name as 'startUs'] + byUs });
      return moved;
    });
  const endUs = startUs + 9 * 3_600e6;
  const all = offsets.flatMap((byUs) => [...later(talk, byUs), ...later(history(), byUs)]);
  const lost = Math.max(...all.filter(({ type }) => type !== 'said').map((fact) => fact.endUs)) - 5e6;
  const kept = [
    ...all.filter((fact) => fact.type === 'said' || fact.endUs < lost),
    { ...report([STT]), callId, startUs, endUs },
  ];
  const calls = splitCalls(kept, 3_600e6);
  assert.equal(calls.length, 1, 'the report is of the whole session');
  const { metrics, logs } = finalizeCall(calls[0] ?? [], RECORDING_PRICES);
  assert.deepEqual([metrics.duration_seconds, metrics.stt_audio_seconds], [9 * 3_600, 11.7]);
  const whole = finalizeCall(all, RECORDING_PRICES).logs.length;
  assert.ok(logs.length >= whole && logs.length <= whole + 1, `${logs.length} turns of ${whole}`);
  assert.ok(logs.at(-1)?.sources?.playback_source === 'report' || logs.at(-1)?.sources?.['*'] === 'report');
});

test('models used beyond the spans are the call’s: no more than the report says, once, and none under other names', () => {
  const used = spans.filter((fact) => fact.type === 'stage' && fact.stage === 'llm');
  const [first] = used;
  assert.ok(first?.type === 'stage');
  const sum = (name: 'inputTokens' | 'outputTokens') =>
    used.reduce((total, fact) => total + ((fact.type === 'stage' && fact.usage?.[name]) || 0), 0);
  const { metrics: before } = finalizeCall(spans, RECORDING_PRICES);
  const withReport = (entry: ModelUsage) =>
    finalizeCall(
      [...spans, { ...report([entry]), callId, startUs: spans[0]?.startUs ?? T0 }],
      RECORDING_PRICES,
    ).metrics;
  const entry: ModelUsage = {
    stage: 'llm',
    ...(first.provider !== undefined && { provider: first.provider }),
    ...(first.model !== undefined && { model: first.model }),
    usage: { inputTokens: sum('inputTokens'), outputTokens: sum('outputTokens') },
  };
  assert.equal(withReport(entry).llm_input_tokens, before.llm_input_tokens, 'all is told');
  const more = { ...entry, usage: { ...entry.usage, inputTokens: sum('inputTokens') + 7 } };
  assert.equal(withReport(more).llm_input_tokens, (before.llm_input_tokens ?? 0) + 7);
  assert.equal(withReport({ ...more, model: 'another' }).llm_input_tokens, before.llm_input_tokens);
});

test('the instants of a report count only where no span has them', () => {
  const session = spans.find(({ type }) => type === 'call');
  assert.ok(session);
  const late = { ...report([], 999), callId, startUs: session.startUs - 5e6, endUs: session.endUs + 5e6 };
  const { metrics } = finalizeCall([...spans, late], RECORDING_PRICES);
  assert.deepEqual([metrics.started_at, metrics.ended_at], [session.startUs, session.endUs]);
  const without = finalizeCall([...spans.filter((fact) => fact !== session), late], RECORDING_PRICES);
  assert.deepEqual([without.metrics.started_at, without.metrics.ended_at], [late.startUs, late.endUs]);
});

test('a voice is of no reply that was thrown away before, and takes no synthesis from before the user spoke', () => {
  const playbacks = spans.filter((fact) => fact.type === 'stage' && fact.stage === 'playback');
  const greeting = spans.find((fact) => fact.type === 'stage' && fact.stage === 'tts' && fact.usage);
  const tooEarly = spans.filter((fact) => fact.type === 'turn_part' && fact.part === 'agent').slice(0, 3);
  const last = playbacks.at(-1);
  assert.ok(greeting !== undefined && last !== undefined);
  const kept = [greeting, ...tooEarly, last];
  const { turns } = groupCall([...kept, ...history()]);
  const starts = (facts: readonly Fact[]) => facts.map(({ startUs }) => startUs);
  const voices = turns.map(({ stages }) => stages.filter(({ stage }) => stage === 'playback'));
  assert.deepEqual(
    voices.map(starts),
    starts(playbacks).map((startUs) => [startUs]),
  );
  const [opening, answer] = turns;
  assert.deepEqual([opening?.fact?.initiator, answer?.fact?.initiator], ['agent', 'user']);
  assert.ok(opening?.stages.some(({ spanId }) => spanId === greeting.spanId));
  for (const { traceId, spanId } of tooEarly) assert.ok(answer?.spans?.includes(`${traceId}/${spanId}`));
});

test('a synthesis whose span came is not billed a second time where the reply and its playback were lost', () => {
  const spoken = spans.findLast((fact) => fact.type === 'stage' && fact.stage === 'playback');
  const kept = spans.filter((fact) => fact !== spoken && fact.spanId !== spoken?.parentSpanId);
  const said = history().map((fact): Fact => (fact.type === 'said' ? { ...fact, characters: 40 } : fact));
  const whole = finalizeCall(spans, RECORDING_PRICES);
  const { metrics, logs } = finalizeCall([...kept, ...said], RECORDING_PRICES);
  assert.ok(metrics.tts_characters !== null);
  assert.equal(metrics.tts_characters, whole.metrics.tts_characters);
  assert.deepEqual(logs.at(-1)?.cost_tts, whole.logs.at(-1)?.cost_tts);
});

test('whatever spans are lost, and in whatever order the rest comes, rows are the same and no turn is there twice', () => {
  const all = [...spans, ...history()];
  const turns = finalizeCall(spans, RECORDING_PRICES).logs.length;
  fc.assert(
    fc.property(fc.shuffledSubarray(spans), fc.nat(), (kept, seed) => {
      const facts = [...kept, ...all.filter(({ type }) => type === 'said')];
      const once = finalizeCall(facts, RECORDING_PRICES);
      const turned = facts.map((_, index) => facts[(index + seed) % facts.length] as Fact);
      assert.deepEqual(finalizeCall(JSON.parse(JSON.stringify(turned)), RECORDING_PRICES), once);
      assert.equal(once.logs.length, turns);
      for (const row of once.logs)
        for (const [column, teller] of Object.entries(row.sources ?? {})) {
          assert.equal(teller, 'report');
          assert.ok(column === '*' || (row[column as keyof typeof row] ?? null) !== null, column);
        }
    }),
    { numRuns: 50 },
  );
});
