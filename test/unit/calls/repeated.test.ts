import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { groupCall } from '../../../exporter/calls/group.ts';
import type { StageFact } from '../../../model/facts.ts';
import { stage, turn } from './builders.ts';

const USED = { inputTokens: 1000, outputTokens: 100 };
const request = (times: [number, number], more: Partial<StageFact> = {}) =>
  stage('llm', 0, times, { provider: 'openai', model: 'gpt-4o', usage: USED, ...more });
const inside = (outer: StageFact, times: [number, number], more: Partial<StageFact> = {}) =>
  request(times, { parentSpanId: outer.spanId, ...more });

/** The requests of a call in order of start. */
const requests = (...stages: StageFact[]) => groupCall([turn(0, [0, 5000]), ...stages]).stages;

describe('one request told twice counts once', () => {
  it('as child and parent, with what only one of them knows', () => {
    const outer = request([0, 900]);
    const inner = inside(outer, [10, 890], {
      usage: { ...USED, cachedInputTokens: 800 },
      responseId: 'r',
      serviceTier: 'flex',
    });
    assert.deepEqual(requests(outer, inner), [
      { ...outer, responseId: 'r', serviceTier: 'flex', usage: { ...USED, cachedInputTokens: 800 } },
    ]);
  });

  it('where only the child knows what was used: the parent is not missing anything', () => {
    const { usage: _, ...outer } = request([0, 900]);
    const [only, ...others] = requests(outer, inside(outer, [10, 890]));
    assert.deepEqual([only?.spanId, only?.usage, others], [outer.spanId, USED, []]);
    const retried = requests(outer, inside(outer, [10, 300]), inside(outer, [310, 890]));
    assert.deepEqual(
      retried.map(({ startUs }) => startUs - outer.startUs),
      [10_000, 310_000],
    );
  });

  it('where a parent adds up several children: the parent counts', () => {
    const outer = request([0, 900], { usage: { inputTokens: 2000, outputTokens: 200 } });
    assert.deepEqual(requests(outer, inside(outer, [10, 300]), inside(outer, [310, 890])), [outer]);
  });

  it('as siblings with one response id, or the same tokens at the same instants', () => {
    assert.equal(
      requests(request([0, 900], { responseId: 'r' }), request([40, 700], { responseId: 'r' })).length,
      1,
    );
    assert.equal(requests(request([0, 900]), request([5, 905])).length, 1);
    assert.equal(requests(request([0, 900], { responseId: 'r' }), request([5, 905])).length, 1);
    assert.equal(requests(request([0, 900]), request([5, 905]), request([7, 899])).length, 1);
  });

  it('with provider and model of the one request inside an adapter that names no model', () => {
    const outer = request([0, 900], { provider: 'livekit' });
    delete outer.model;
    const [llm] = requests(outer, inside(outer, [10, 890], { provider: 'groq', model: 'llama' }));
    assert.deepEqual([llm?.provider, llm?.model], ['groq', 'llama']);

    const adapter = stage('tts', 0, [0, 2000], { usage: { characters: 100 } });
    const sentence = (model: string, times: [number, number]) =>
      stage('tts', 0, times, {
        provider: 'openai',
        model,
        usage: { characters: 50 },
        parentSpanId: adapter.spanId,
      });
    const [tts, ...none] = requests(adapter, sentence('tts-1', [0, 900]), sentence('tts-1', [900, 1900]));
    assert.deepEqual(
      [tts?.provider, tts?.model, tts?.usage, none],
      ['openai', 'tts-1', { characters: 100 }, []],
    );
    const [mixed] = requests(adapter, sentence('tts-1', [0, 900]), sentence('tts-1-hd', [900, 1900]));
    assert.equal(mixed?.model, undefined);
  });

  it('in whatever order they come', () => {
    const one = request([0, 900], { traceId: 'elsewhere' });
    const other = request([0, 900], { responseId: 'r' });
    assert.deepEqual(requests(one, other), requests(other, one));
  });
});

describe('two requests count twice', () => {
  it('with response ids of their own, at other instants, or with other tokens', () => {
    assert.equal(
      requests(request([0, 900], { responseId: 'a' }), request([0, 900], { responseId: 'b' })).length,
      2,
    );
    assert.equal(requests(request([0, 900]), request([200, 900])).length, 2);
    assert.equal(requests(request([0, 900]), request([0, 700])).length, 2);
    const more = { usage: { inputTokens: 1000, outputTokens: 101 } };
    assert.equal(requests(request([0, 900]), request([0, 900], more)).length, 2);
  });

  it('one after the other from a server that gives an id twice', () => {
    const id = { responseId: 'msg_1' };
    assert.equal(requests(request([0, 300], id), request([300, 600], id)).length, 2);
  });

  it('where neither says what was used', () => {
    const { usage: _, ...one } = request([0, 900]);
    const { usage: __, ...other } = request([0, 900]);
    assert.equal(requests(one, other).length, 2);
  });
});
