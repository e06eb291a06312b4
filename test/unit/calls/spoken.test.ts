import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spokenStages } from '../../../exporter/calls/spoken.ts';
import { at, stage } from './builders.ts';

test('after a tool call the second request is the spoken one', () => {
  const asks = stage('llm', 0, [0, 200, 250], { finishReasons: ['tool_calls'] });
  const tool = stage('tool', 0, [250, 600]);
  const answers = stage('llm', 0, [600, 800, 1000]);
  const tts = stage('tts', 0, [850, 950, 1500]);
  assert.deepEqual(spokenStages([asks, tool, answers, tts], at(960)), { llm: answers, tts });
});

test('an answer begun too early and thrown away is not spoken', () => {
  const early = stage('llm', 0, [0, 100, 150], { cancelled: true });
  const earlyTts = stage('tts', 0, [110, 190, 200], { cancelled: true });
  const real = stage('llm', 0, [200, 400, 600]);
  const realTts = stage('tts', 0, [420, 500, 900]);
  assert.deepEqual(spokenStages([early, earlyTts, real, realTts], at(510)), { llm: real, tts: realTts });
});

test('words before a tool call are spoken by the request that wrote them', () => {
  const asks = stage('llm', 0, [0, 200, 300]);
  const oneMoment = stage('tts', 0, [220, 300, 700]);
  const answers = stage('llm', 0, [600, 800, 1000]);
  const tts = stage('tts', 0, [850, 950, 1500]);
  assert.deepEqual(spokenStages([asks, oneMoment, answers, tts], at(310)), { llm: asks, tts: oneMoment });
});

test("the application's own words have a synthesis and no request", () => {
  const filler = stage('tts', 0, [10, 90, 400]);
  const llm = stage('llm', 0, [0, 500, 700]);
  const tts = stage('tts', 0, [520, 600, 900]);
  assert.deepEqual(spokenStages([llm, filler, tts], at(100)), { tts: filler });
});

test('a filler that overlaps the first token is still a filler when a later synthesis speaks the answer', () => {
  const llm = stage('llm', 0, [0, 250, 700]);
  const filler = stage('tts', 0, [100, 300, 400]);
  const tts = stage('tts', 0, [520, 600, 900]);
  assert.deepEqual(spokenStages([llm, filler, tts], at(320)), { tts: filler });
});

test('a synthesis opened before there was text belongs to the answer that it got', () => {
  const tts = stage('tts', 0, [0, 500, 900]);
  const llm = stage('llm', 0, [100, 300, 700]);
  assert.deepEqual(spokenStages([tts, llm], at(510)), { llm, tts });
});

test('of several sentences the first is the spoken synthesis', () => {
  const llm = stage('llm', 0, [0, 200, 900]);
  const first = stage('tts', 0, [300, 400, 600]);
  const second = stage('tts', 0, [500, 590, 900]);
  assert.deepEqual(spokenStages([llm, first, second], at(410)), { llm, tts: first });
});

test('without synthesis the latest request that was not cancelled counts', () => {
  const answers = stage('llm', 0, [0, 200, 400]);
  const cancelled = stage('llm', 0, [300, 450, 500], { cancelled: true });
  assert.deepEqual(spokenStages([answers, cancelled], undefined), { llm: answers });
  assert.deepEqual(spokenStages([cancelled], undefined), { llm: cancelled });
  assert.deepEqual(spokenStages([], undefined), {});
});

test('nothing that came after the playback started was heard first', () => {
  const llm = stage('llm', 0, [0, 700, 900]);
  const tts = stage('tts', 0, [750, 800, 900]);
  assert.deepEqual(spokenStages([llm, tts], at(500)), {});
});

const tokens = (outputTokens: number) => ({ usage: { outputTokens } });
const answer = stage('llm', 0, [0, 400, 1_200], tokens(28));
const spokenAs = { usage: { characters: 110 } };

test('a classifier of one word beside the answer is not what was said, though it came later', () => {
  const guard = stage('llm', 0, [100, 600, 620], tokens(1));
  const tts = stage('tts', 0, [700, 800, 1_500], spokenAs);
  assert.deepEqual(spokenStages([answer, guard, tts], at(810)), { llm: answer, tts });
});

test('the memory of three hundred tokens beside the answer is not what was said', () => {
  const memory = stage('llm', 0, [100, 600, 3_000], tokens(300));
  const tts = stage('tts', 0, [700, 800, 1_500], spokenAs);
  assert.deepEqual(spokenStages([answer, memory, tts], at(810)), { llm: answer, tts });
});

test('of requests that fit alike the latest was spoken, as it was without their tokens', () => {
  const again = stage('llm', 0, [450, 650, 1_200], tokens(30));
  const tts = stage('tts', 0, [700, 800, 1_500], spokenAs);
  assert.equal(spokenStages([answer, again, tts], at(810)).llm, again);
  const unknown = [stage('llm', 0, [0, 400, 1_200]), stage('llm', 0, [450, 650, 1_200])];
  assert.equal(spokenStages([...unknown, tts], at(810)).llm, unknown[1]);
});

test('thinking is not said', () => {
  const thinks = stage('llm', 0, [0, 400, 1_200], { usage: { outputTokens: 428, reasoningTokens: 400 } });
  const guard = stage('llm', 0, [100, 600, 620], tokens(2));
  const tts = stage('tts', 0, [700, 800, 1_500], spokenAs);
  assert.equal(spokenStages([thinks, guard, tts], at(810)).llm, thinks);
});

test('of an answer that was cut off more was written than was said', () => {
  const long = stage('llm', 0, [0, 400, 1_200], tokens(200));
  const guard = stage('llm', 0, [100, 600, 620], tokens(1));
  const cut = stage('tts', 0, [700, 800, 1_000], { cancelled: true, usage: { characters: 40 } });
  assert.equal(spokenStages([long, guard, cut], at(810)).llm, long);
});

test('without synthesis the length of what was played tells, and a model that speaks is the one that spoke', () => {
  const guard = stage('llm', 0, [100, 600, 620], tokens(1));
  const playback = stage('playback', 0, [700, 8_000]);
  assert.equal(spokenStages([answer, guard, playback], at(700)).llm, answer);
  const speaks = stage('llm', 0, [0, 400, 1_200], { usage: { outputTokens: 900, outputAudioTokens: 800 } });
  assert.equal(spokenStages([speaks, guard, playback], at(700)).llm, speaks);
});
