import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupCall } from '../../../exporter/calls/group.ts';
import { collectWhatIf, elsewhere } from '../../../exporter/decisions/collect.ts';
import { WhatIfCalls } from '../../../exporter/decisions/whatif.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import { call } from '../calls/builders.ts';

const grouped = groupCall([call([0, 10_000])]);
async function* of(...keys: string[]) {
  for (const key of keys) yield { key, call: key.startsWith('expired') ? undefined : grouped };
}

test('calls are taken in once, though both models are of one provider', async () => {
  class Counted extends WhatIfCalls {
    measured = 0;
    override measure(): void {
      this.measured += 1;
    }
  }
  const model = { provider: 'openai', model: 'm' };
  const calls = new Counted({ llm: model, tts: model }, catalogue());
  const asked: string[] = [];
  await collectWhatIf(calls, {
    chosen: () => of('a', 'expired b'),
    ofProvider: (provider) => {
      asked.push(provider);
      return of('a', 'c', 'expired d');
    },
  });
  assert.equal(calls.measured, 2);
  assert.deepEqual(asked, ['openai', 'openai']);
  const { calls: taken, expired } = calls.result();
  assert.deepEqual([taken, expired], [1, 1]);
});

test('other calls are asked for only where a speed is to be measured', async () => {
  const model = { provider: 'openai', model: 'm' };
  const calls = new WhatIfCalls({ stt: model, llm: model }, catalogue(), { llm: [{ seconds: 0.3 }] });
  await collectWhatIf(calls, { chosen: () => of('a'), ofProvider: () => assert.fail() });
  assert.deepEqual(elsewhere({ since: 3, tenant: ['acme'] }, 'openai'), {
    since: 3,
    tenant: ['acme'],
    provider: ['openai'],
  });
});
