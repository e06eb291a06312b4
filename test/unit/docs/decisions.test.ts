import { after, before, describe, test } from 'node:test';
import { asText } from '../../../cli/check/render.ts';
import { endpointingText, verificationText } from '../../../cli/endpointing/render.ts';
import { comparisonText } from '../../../cli/render/comparison.ts';
import { painter } from '../../../cli/render/text.ts';
import { whatIfText } from '../../../cli/whatif/render.ts';
import { isGenerated } from '../../support/docs/generated.ts';
import { Said } from '../../support/docs/said.ts';
import {
  comparisonTruthTable,
  decisionsTable,
  ownersTable,
  speechTable,
} from '../../support/docs/truth-tables.ts';
import { simulatedWeeks } from '../../support/simulated-weeks.ts';

const SCREEN = 110;
const plain = painter(false);
const block = (text: string): string => `\`\`\`text\n${text}\n\`\`\`\n`;

describe('examples of decisions are what the commands say of simulated weeks', () => {
  let said: Said;
  before(() => {
    // As `earshot demo --fast --days 7 --calls 1200 --seed 1` writes them.
    said = new Said(simulatedWeeks({ seed: 1, calls: 1_200, days: 7 }));
  });
  // What is collected as garbage in this process for other files need not be looked for among them.
  after(() => {
    said = new Said([]);
  });

  test('docs/whatif.md', async () => {
    isGenerated('docs/whatif.md', 'example', block(whatIfText(await said.whatIf(), SCREEN, plain)));
  });

  test('docs/checks.md', () => {
    isGenerated('docs/checks.md', 'example', block(asText(said.check().verdicts, SCREEN, plain)));
  });

  test('docs/compare.md', () => {
    const { sides, comparison } = said.compare();
    const room = { screen: SCREEN, width: SCREEN };
    isGenerated('docs/compare.md', 'example', block(comparisonText(sides, comparison, room, plain)));
    isGenerated('docs/compare.md', 'truth', comparisonTruthTable(comparison));
  });

  test('docs/truth.md', async () => {
    const { weeks, rows } = said.latest(500);
    isGenerated('docs/truth.md', 'owners', ownersTable(weeks, rows));
    isGenerated('docs/truth.md', 'speech', speechTable(weeks, rows));
    isGenerated(
      'docs/truth.md',
      'decisions',
      decisionsTable(await said.whatIf(), said.endpointing(), said.check()),
    );
  });

  test('docs/endpointing.md', () => {
    const example = endpointingText([said.endpointing()], { cutOffSeconds: 5 }, SCREEN, plain);
    isGenerated('docs/endpointing.md', 'example', block(example));
    isGenerated('docs/endpointing.md', 'changed', block(verificationText(said.changed(), SCREEN, plain)));
  });
});
