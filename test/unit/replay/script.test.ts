import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { exitCodeOf, judgeTurns } from '../../../cli/replay/judge.ts';
import { unaskedText } from '../../../cli/replay/render.ts';
import { startSaving } from '../../../cli/replay/save.ts';
import { MULAW_SILENCE, voicedRanges } from '../../../demo/audio.ts';
import { Director, pacing } from '../../../demo/replay/director.ts';
import { standInSpeech } from '../../../demo/replay/speech.ts';
import { recognise, stretchesOf } from '../../../demo/simulators/recognise.ts';
import { groupCall } from '../../../exporter/calls/group.ts';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import { compareTurns } from '../../../exporter/replay/compare.ts';
import { unplayable } from '../../../exporter/replay/playable.ts';
import { scriptOf } from '../../../exporter/replay/script.ts';
import { answerOf, standInSentence } from '../../../exporter/replay/stand-in.ts';
import type { Fact } from '../../../model/facts.ts';
import { callToReplay, SLOW_TURNS } from '../../support/call-to-replay.ts';
import { GOLDEN_CALLS } from '../calls/golden.ts';

const FACTS = callToReplay();
const SCRIPT = scriptOf(groupCall(FACTS));
const without = (facts: readonly Fact[]): Fact[] =>
  facts.map((fact) => {
    const { userText: _, agentText: __, ...rest } = fact as Fact & { userText?: string; agentText?: string };
    return rest as Fact;
  });
const REDACTED = scriptOf(groupCall(without(FACTS)));

describe('the script of a call', () => {
  test('says when the user spoke, and how long each stage took', () => {
    const [first, second] = SCRIPT.exchanges;
    assert.deepEqual(
      [first?.speech, second?.speech],
      [
        { after: 'connect', afterMs: 300, ms: 700, pauses: [], text: 'Is there a table' },
        { after: 'answer_start', afterMs: 800, ms: 800, pauses: [], text: 'Good bye' },
      ],
    );
    assert.deepEqual([first?.transcriptMs, second?.transcriptMs], [400, 400]);
    assert.deepEqual(
      SCRIPT.exchanges.map(({ requests }) =>
        requests.map(({ firstMs, ms, textMs }) => [firstMs, ms, textMs]),
      ),
      [[[1_000, 1_200, 100]], [[200, 250, 50]]],
    );
    assert.deepEqual(
      first?.syntheses.map(({ firstMs, ms, audioMs, characters }) => [firstMs, ms, audioMs, characters]),
      [
        [250, 350, 800, 14],
        [150, 450, 1_700, 26],
      ],
    );
    assert.deepEqual(
      [SCRIPT.direction, SCRIPT.hangUpMs, first?.cutOff, second?.cutOff],
      ['outbound', 700, true, false],
    );
  });

  test('is there of every call that the rows can be worked out of', () => {
    for (const { name, facts } of GOLDEN_CALLS) {
      const { exchanges } = scriptOf(groupCall(facts));
      for (const { speech, requests, syntheses } of exchanges)
        for (const ms of [
          ...(speech === undefined
            ? []
            : [speech.afterMs, speech.ms, ...speech.pauses.map((each) => each.ms)]),
          ...[...requests, ...syntheses].flatMap((work) => [work.ms, work.firstMs ?? 0]),
        ])
          assert.ok(Number.isFinite(ms) && ms >= 0, `${name}: ${ms}`);
    }
  });

  test('of a file from someone else takes no more time or memory than a call can', () => {
    assert.equal(unplayable(SCRIPT), undefined);
    const [first, ...others] = SCRIPT.exchanges;
    assert.ok(first?.speech && first.syntheses[0] && first.requests[0]);
    const [synthesis, request] = [first.syntheses[0], first.requests[0]];
    const bent = {
      'someone speaks for more than 10 minutes at once': [
        { ...first, speech: { ...first.speech, ms: 1e12 } },
        { ...first, syntheses: [{ ...synthesis, audioMs: 1e12 }] },
      ],
      'an answer in it is longer than anyone speaks': [
        { ...first, syntheses: [{ ...synthesis, characters: 1e9 }] },
        { ...first, requests: [{ ...request, usage: { outputTokens: 1e9 } }] },
        { ...first, answer: 'x'.repeat(30_000) },
      ],
      'it takes more than 120 minutes, and a replay is in real time': [
        { ...first, speech: { ...first.speech, afterMs: 1e9 } },
        { ...first, requests: [{ ...request, ms: 1e9 }] },
      ],
    };
    for (const [reason, exchanges] of Object.entries(bent))
      for (const exchange of exchanges)
        assert.equal(unplayable({ ...SCRIPT, exchanges: [exchange, ...others] }), reason);
    const many = Array.from({ length: 1_001 }, () => first);
    assert.match(unplayable({ ...SCRIPT, exchanges: many }) ?? '', /more than 1000 turns/);
    assert.match(unplayable({ ...SCRIPT, exchanges: [] }) ?? '', /no one spoke/);
  });

  test('keeps the pauses of an utterance, where they were or spread', () => {
    const facts = FACTS.map((fact) =>
      fact.type === 'turn' && fact.turnIndex === 0
        ? {
            ...fact,
            utterances: [
              {
                startedUs: fact.startUs,
                endedUs: fact.startUs + 200_000,
                committedUs: fact.startUs + 300_000,
              },
              {
                startedUs: fact.startUs + 400_000,
                endedUs: fact.startUs + 700_000,
                committedUs: fact.startUs + 1_100_000,
              },
            ],
          }
        : fact,
    );
    const spread = FACTS.map((fact) =>
      fact.type === 'turn' && fact.turnIndex === 0 ? { ...fact, pauses: [100_000, 200_000] } : fact,
    );
    const pausesOf = (of: readonly Fact[]) => scriptOf(groupCall(of)).exchanges[0]?.speech?.pauses;
    assert.deepEqual(pausesOf(facts), [{ atMs: 200, ms: 200 }]);
    assert.deepEqual(
      pausesOf(spread)?.map(({ atMs, ms }) => [Math.round(atMs), ms]),
      [
        [133, 100],
        [367, 200],
      ],
    );
  });
});

describe('what stands in for what was said', () => {
  test('is a sentence of the same length with one end', () => {
    for (const length of [2, 3, 7, 9, 14, 60, 61, 200])
      for (const key of [0, 1, 7]) {
        const sentence = standInSentence(length, key);
        assert.equal(sentence.length, length);
        assert.match(sentence, /^[A-Z][a-z ]*\.$/);
      }
  });

  test('is an answer that is split where the answer of the call was, and goes on where it was cut off', () => {
    const [first, second] = REDACTED.exchanges;
    assert.ok(first && second);
    const sentences = answerOf(first, 0).split(/(?<=\.) /);
    assert.deepEqual(
      sentences.slice(0, 2).map(({ length }) => length),
      [14, 26],
    );
    assert.ok(sentences.length > 2);
    assert.equal(answerOf(second, 1).length, 9);
    assert.equal(answerOf(SCRIPT.exchanges[1] ?? second, 1), 'Good bye.');
  });

  test('is a voice that speaks exactly as long, pauses where the user did, and is recognised among others', () => {
    const speech = { after: 'connect', afterMs: 0, ms: 2_000, pauses: [{ atMs: 700, ms: 400 }] } as const;
    const spoken = [0, 1, 2].map((index) => standInSpeech({ ...speech, text: 'one two three four' }, index));
    const known = stretchesOf(spoken, 80);
    for (const utterance of spoken) {
      assert.equal(utterance.mulaw.length, 16_000);
      assert.deepEqual(voicedRanges(utterance.samples), [{ start: 0, end: 16_000 }]);
      // A silence of ten milliseconds ends an utterance for who is in a hurry: there is none but the pause.
      assert.deepEqual(voicedRanges(utterance.samples, 80), [
        { start: 0, end: 5_600 },
        { start: 8_800, end: 16_000 },
      ]);
      assert.equal(recognise(utterance.samples.subarray(0, 1_600), known)?.utterance.name, utterance.name);
      assert.equal(utterance.words.at(-1)?.end, 2);
      assert.ok(
        utterance.words.every(({ start, end }, n, all) => start < end && start >= (all[n - 1]?.end ?? 0)),
      );
      assert.ok(utterance.mulaw.subarray(5_600, 8_800).every((byte) => byte === MULAW_SILENCE));
    }
  });
});

describe('the director', () => {
  const hear = (director: Director, name: string) => director.transcripts.onHeard(name);

  test('answers each request as long after it as it was, and in time for the first sentence', () => {
    const director = new Director(SCRIPT);
    hear(director, '0');
    const answer = director.answer({ messages: [], tools: [], isRetry: false });
    assert.deepEqual(answer.reply, { kind: 'text', text: answerOf(SCRIPT.exchanges[0] ?? assert.fail(), 0) });
    assert.deepEqual([answer.firstTokenMs, answer.usage], [1_000, { prompt: 300, completion: 12 }]);
    const pieces = ['Yes', '.', ' We', ' have', ' one', '.'];
    assert.deepEqual(
      pieces.map((_, index) => answer.tokenMs?.(index, pieces)),
      [0, 50, 100, 100 + 100 / 3, 100 + 200 / 3, 200],
    );
    assert.deepEqual(director.answer({ messages: [], tools: [], isRetry: true }), answer);
    assert.deepEqual(director.deviations, []);
    const again = director.answer({ messages: [], tools: [], isRetry: false });
    assert.equal(again.firstTokenMs, 1_000);
    assert.deepEqual(director.deviations, [{ turn: 0, what: 'more_requests' }]);
  });

  test('has texts spoken as those of their answer were, also when the user speaks already', () => {
    const director = new Director(SCRIPT);
    hear(director, '0');
    assert.deepEqual(director.speech('Yes of course.', false), {
      firstByteMs: 250,
      restMs: 100,
      audioSeconds: 0.8,
    });
    hear(director, '1');
    assert.equal(director.speech('We have one by the window.', false).audioSeconds, 1.7);
    assert.equal(director.speech('Good bye.', false).audioSeconds, 0.7);
    assert.deepEqual(director.deviations, []);
  });

  test('asks for the tools that were asked for, with arguments that fit, and fails where it failed', () => {
    const [, llm] = FACTS.filter((fact) => fact.type === 'stage' && fact.turnIndex === 0);
    assert.ok(llm?.type === 'stage' && llm.stage === 'llm');
    const tool = { ...llm, stage: 'tool', spanId: 'f'.repeat(16), toolName: 'find_table' } as const;
    const asked = {
      ...llm,
      spanId: 'e'.repeat(16),
      startUs: llm.startUs - 300_000,
      endUs: llm.startUs - 200_000,
    };
    const facts: Fact[] = [
      ...FACTS.filter((fact) => fact !== llm),
      { ...asked, firstByteUs: asked.endUs },
      { ...tool, startUs: llm.startUs - 150_000, endUs: llm.startUs - 100_000 },
      { ...llm, errorType: '429' },
    ];
    const director = new Director(scriptOf(groupCall(facts)));
    const parameters = {
      properties: { people: { type: 'integer', minimum: 2 }, day: { enum: ['sunday'] }, note: {} },
      required: ['people', 'day'],
    };
    const tools = [{ type: 'function', function: { name: 'find_table', parameters } }];
    assert.deepEqual(director.answer({ messages: [], tools, isRetry: false }).reply, {
      ...{ kind: 'tool_call', name: 'find_table', arguments: { people: 2, day: 'sunday' } },
    });
    const failed = director.answer({ messages: [], tools, isRetry: false });
    assert.deepEqual(failed.fault, { kind: 'status', status: 429 });
    const other = new Director(scriptOf(groupCall(facts)));
    assert.equal(other.answer({ messages: [], tools: [], isRetry: false }).reply?.kind, 'text');
    assert.deepEqual(other.deviations, [{ turn: 0, what: 'no_tool', name: 'find_table' }]);
  });

  test('knows what an agent has not asked here: its speech comes over a WebSocket, or a model speaks itself', () => {
    const director = new Director(SCRIPT);
    assert.equal(director.unasked, 'stt');
    director.transcripts.onListening();
    assert.equal(director.unasked, 'llm');
    director.answer({ messages: [], tools: [], isRetry: false });
    assert.equal(director.unasked, 'tts');
    assert.match(unaskedText('tts'), /Cartesia over HTTP, at CARTESIA_BASE_URL, and not over WebSockets\.$/);
    director.speech('Yes of course.', false);
    assert.equal(director.unasked, undefined);
  });

  test('tells the caller what to do', () => {
    assert.deepEqual(
      new Director(SCRIPT).steps.map((step) => [step.kind, 'ms' in step ? step.ms : undefined]),
      [
        ['pause', 300],
        ['until', undefined],
        ['say', undefined],
        ['barge_in', undefined],
        ['after_answer', 700],
        ['hang_up', undefined],
      ],
    );
  });

  test('paces an answer of one sentence over the whole request', () => {
    const at = pacing(300, 300);
    assert.deepEqual(
      [0, 1, 2, 3].map((index) => at(index, ['Good', ' bye', ' now', '.'])),
      [0, 100, 200, 300],
    );
  });
});

describe('turns beside those that were made again', () => {
  const { logs } = finalizeCall(FACTS, catalogue());
  const call = groupCall(FACTS);
  const ended = [1_000, 4_350].map((ms) => ({
    endedUs: call.startUs + ms * 1_000,
    heardUs: call.startUs + (ms + 900) * 1_000,
  }));

  test('are the same call where nothing differs, by the instants at which the user fell silent', () => {
    const turns = compareTurns(logs, [0, 1], ended, logs, call);
    assert.deepEqual(
      turns.map(({ turn, replayedTurn, saved, difference, heard }) => [
        turn,
        replayedTurn,
        saved.silence,
        difference,
        heard,
      ]),
      SLOW_TURNS.map((silence, turn) => [turn, turn, silence, 0, 0.9]),
    );
    assert.deepEqual(exitCodeOf(judgeTurns(turns, { maxSilence: 1.8, within: 0 })), 0);
    const verdicts = judgeTurns(turns, { maxSilence: 1, within: undefined });
    assert.deepEqual(
      verdicts.map(({ turn, status }) => [turn, status]),
      [
        [0, 'broken'],
        [1, 'holds'],
      ],
    );
    assert.equal(exitCodeOf(verdicts), 1);
  });

  test('cannot be judged where the agent made none', () => {
    const turns = compareTurns(logs, [0, 1], [ended[0]], logs, call);
    assert.deepEqual([turns[1]?.replayedTurn, turns[1]?.difference, turns[1]?.most], [null, null, null]);
    assert.equal(exitCodeOf(judgeTurns(turns, { maxSilence: 2, within: undefined })), 2);
    assert.equal(
      exitCodeOf(judgeTurns(compareTurns(logs, [0, 1], [], [], undefined), { maxSilence: 2, within: 1 })),
      2,
    );
  });
});

test('a file that cannot be written is said before a call is made for it', () => {
  const folder = tmpdir();
  startSaving(join(folder, 'never-written.earshot'));
  startSaving('never-written.earshot');
  const wrong = (path: string, message: RegExp) =>
    assert.throws(() => startSaving(path), { name: 'UsageError', message });
  wrong('', /^--out is empty/);
  wrong(folder, /is there already/);
  wrong(join(folder, 'no-such-folder', 'x.earshot'), /^--out: .*x\.earshot cannot be written \(ENOENT\)\.$/);
  wrong(`${process.execPath}/x.earshot`, /cannot be written \(ENOTDIR\)/);
});
