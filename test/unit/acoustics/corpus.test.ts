import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { painter } from '../../../cli/render/text.ts';
import { callText } from '../../../cli/verify/render.ts';
import { isRefusal, type Placed, type Refusal } from '../../../exporter/acoustics/call-proof.ts';
import type { Heard } from '../../../exporter/acoustics/heard.ts';
import { swap } from '../../../exporter/acoustics/place.ts';
import { quantileOf } from '../../../exporter/statistics/quantile.ts';
import { heardOf, prove, SCENES, type Scene, scene, startOf } from '../../support/acoustics.ts';
import { isGenerated } from '../../support/docs/generated.ts';

/** What of a turn someone can say who knows the words: of two voices at once the edges are less sharp. */
const MOST_MS = { silence: 20, over: 60 };

describe('recordings with a truth: mu-law, A-law, PCM and Opus, with noise, echo and barge-in', () => {
  const heard = new Map<string, Heard>();
  before(async () => {
    for (const each of SCENES) heard.set(each.name, await heardOf(each));
  });
  const heardIn = ({ name }: Scene): Heard => {
    const found = heard.get(name);
    assert.ok(found);
    return found;
  };
  const placed = (witness: Placed | Refusal | undefined) => {
    assert.ok(witness !== undefined && !isRefusal(witness), JSON.stringify(witness));
    return witness;
  };
  /** Errors in milliseconds of what was heard in each turn. */
  const errorsOf = (of: Scene, startUs?: number) => {
    const { turns } = prove(of, heardIn(of), startUs);
    assert.equal(turns.length, of.turns.length + 1);
    assert.equal(turns[0]?.reason, 'agent_opens');
    return of.turns.map((truth, index) => {
      const turn = turns[index + 1];
      assert.equal(turn?.reason ?? null, truth.reason, `${of.name} turn ${index + 1}`);
      return { truth, ms: ((turn?.heard ?? Number.NaN) - truth.heard) * 1_000 };
    });
  };

  for (const of of SCENES)
    test(`${of.name} (${of.codec}): each silence within ${MOST_MS.silence} ms, and why it is not the one that is told`, () => {
      for (const startUs of [startOf(of), undefined])
        for (const { truth, ms } of errorsOf(of, startUs))
          assert.ok(
            Math.abs(ms) <= (truth.reason === 'spoke_over' ? MOST_MS.over : MOST_MS.silence),
            `${ms} ms off`,
          );
    });

  test('of all silences the error is at most 10 ms at p95', (t) => {
    const errors = SCENES.flatMap((of) => errorsOf(of, startOf(of)))
      .filter(({ truth }) => truth.reason !== 'spoke_over')
      .map(({ ms }) => Math.abs(ms));
    t.diagnostic(
      `${errors.length} silences: median ${quantileOf(errors, 0.5)} ms, p95 ${quantileOf(errors, 0.95)} ms`,
    );
    assert.ok(quantileOf(errors, 0.95) <= 10);
  });

  test('one whose instant is not known is placed to some milliseconds, with its sides as they are', () => {
    for (const of of SCENES) {
      const { placement } = placed(prove(of, heardIn(of)).witnesses[0]);
      assert.equal(placement.by, 'fit');
      assert.ok(Math.abs(placement.start - of.offset) < 0.02, `${of.name}: ${placement.start}`);
      const exchanged = placed(prove(of, swap(heardIn(of))).witnesses[0]);
      assert.equal(exchanged.placement.swapped, true);
      assert.deepEqual(exchanged.notes[0], { kind: 'swapped' });
      assert.ok(Math.abs(exchanged.placement.start - of.offset) < 0.02);
    }
  });

  test('one that another clock has named is moved, and it is said', () => {
    const of = scene('journal');
    const { placement, notes } = placed(prove(of, heardIn(of), startOf(of) + 30_000_000).witnesses[0]);
    assert.equal(placement.by, 'fit');
    const [moved] = notes;
    assert.ok(moved?.kind === 'moved' && Math.abs(moved.seconds + 30) < 0.02, JSON.stringify(notes));
  });

  test('a recording of another call is refused, or named as such where its instant is known', () => {
    const [of, other] = [scene('journal'), scene('barge-in')];
    const [refusal] = prove(of, heardIn(other)).witnesses;
    assert.ok(refusal && isRefusal(refusal) && refusal.kind === 'another_call', JSON.stringify(refusal));
  });

  test('what has the same sound on both sides, or none, says nothing', () => {
    const of = scene('plain');
    const silent: Heard = { seconds: 5, caller: { stretches: [] }, agent: { stretches: [] } };
    assert.deepEqual(prove(of, silent).witnesses, [{ kind: 'silent' }]);
    assert.deepEqual(prove(of, { ...heardIn(of), isSame: true }).witnesses, [{ kind: 'same' }]);
  });

  test('turns outside of the recording are so', () => {
    const of = scene('plain');
    const cut: Heard = { ...heardIn(of), seconds: 3.5 };
    const reasons = prove(of, cut, startOf(of)).turns.map(({ reason }) => reason);
    assert.deepEqual(reasons, ['agent_opens', undefined, 'outside']);
  });

  test('docs/verify.md', () => {
    const of = scene('journal');
    const proof = prove(of, heardIn(of));
    const text = callText(
      { tenant: 'default', callId: 'CA7c41', by: 'call.ogg', proof },
      120,
      painter(false),
    );
    isGenerated('docs/verify.md', 'example', `\`\`\`text\n${text}\n\`\`\`\n`);
  });
});
