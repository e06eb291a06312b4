import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { endpointingText, verificationText } from '../../../cli/endpointing/render.ts';
import { painter } from '../../../cli/render/text.ts';
import { whatIfText } from '../../../cli/whatif/render.ts';
import { groupCall } from '../../../exporter/calls/group.ts';
import type { GroupedCall } from '../../../exporter/calls/grouped.ts';
import { endpointing, turnCount } from '../../../exporter/decisions/endpointing.ts';
import { endpointingCall } from '../../../exporter/decisions/endpointing-call.ts';
import { verifyEndpointing } from '../../../exporter/decisions/verify-endpointing.ts';
import { WhatIfCalls } from '../../../exporter/decisions/whatif.ts';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import { isGenerated } from '../../support/docs/generated.ts';
import { decisionsTable, ownersTable, speechTable } from '../../support/docs/truth-tables.ts';
import { simulatedWeeks, type TrueCall } from '../../support/simulated-weeks.ts';

const SCREEN = 110;
const plain = painter(false);
const block = (text: string): string => `\`\`\`text\n${text}\n\`\`\`\n`;

/** A part of the calls, as they are read from the journal. */
type Choice = { agent: string; version?: string; language?: string };

describe('examples of decisions are what the commands say of simulated weeks', () => {
  let weeks: readonly TrueCall[];
  before(() => {
    weeks = simulatedWeeks({ seed: 5, calls: 1_500, days: 7 });
  });
  const chosen = ({ agent, version, language }: Choice): GroupedCall[] =>
    weeks
      .filter(
        ({ truth }) =>
          truth.agent.name === agent &&
          (version === undefined || truth.version.version === version) &&
          (language === undefined || truth.language === language),
      )
      .map(({ facts }) => groupCall(facts));
  const pausesOf = (choice: Choice) =>
    chosen(choice)
      .map(endpointingCall)
      .filter(({ turns }) => turns.length > 0);

  test('docs/whatif.md', () => {
    const whatif = new WhatIfCalls({ llm: { provider: 'openai', model: 'gpt-4.1-mini' } }, catalogue());
    for (const call of chosen({ agent: 'support', version: '2.3.0' })) {
      whatif.add(call);
      whatif.measure(call);
    }
    for (const call of chosen({ agent: 'support', version: '2.4.0' })) whatif.measure(call);
    isGenerated('docs/whatif.md', 'example', block(whatIfText(whatif.result(), SCREEN, plain)));
  });

  test('docs/truth.md', () => {
    const latest = weeks.slice(0, 500);
    const rows = latest.map(({ facts }) => finalizeCall(facts, catalogue()));
    isGenerated('docs/truth.md', 'owners', ownersTable(latest, rows));
    isGenerated('docs/truth.md', 'speech', speechTable(latest, rows));
    isGenerated('docs/truth.md', 'decisions', decisionsTable(weeks, rows));
  });

  test('docs/endpointing.md', () => {
    const choice = { agent: 'reminders', version: '0.9.0', language: 'en' };
    const calls = pausesOf(choice);
    const groups = [{ ...choice, turns: turnCount(calls), result: endpointing(calls) }];
    isGenerated(
      'docs/endpointing.md',
      'example',
      block(endpointingText(groups, { cutOffSeconds: 5 }, SCREEN, plain)),
    );
    const changed = ['en', 'es'].map((language) => {
      const was = pausesOf({ agent: 'reminders', version: '0.9.0', language });
      const is = pausesOf({ agent: 'reminders', version: '0.10.0', language });
      assert.ok(is.length > 0);
      return {
        agent: 'reminders',
        language,
        turns: turnCount(was) + turnCount(is),
        verification: verifyEndpointing(was, is),
      };
    });
    isGenerated('docs/endpointing.md', 'changed', block(verificationText(changed, SCREEN, plain)));
  });
});
