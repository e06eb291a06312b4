import { collectWhatIf, elsewhere } from '../../../exporter/decisions/collect.ts';
import { WhatIfCalls } from '../../../exporter/decisions/whatif.ts';
import { readPriceList } from '../../../exporter/pipeline/price-list.ts';
import { CommandError } from '../../command.ts';
import { DEFAULT_SINCE, journalCalls } from '../../journal-calls.ts';
import { readWish } from '../../whatif/options.ts';
import { FILTER_PROPERTIES, filterOf } from '../filter.ts';
import type { Tool } from '../tool.ts';

/** Calls that are looked at: a model waits for the answer. */
const MOST_CALLS = 1_000;
const MOST_MEASURED_CALLS = 1_000;

const model = (what: string) => ({
  type: 'string',
  minLength: 3,
  maxLength: 256,
  description: `${what}, as PROVIDER/MODEL`,
});
const delay = (what: string) => ({ type: 'string', maxLength: 20, description: `${what}: 220ms, 0.3s` });

export const whatIf: Tool = {
  name: 'what_if',
  title: 'What if',
  description: `What another model or another endpointing delay would have done to calls: the cost at the other price, and the silence before the agent answers with 90 % intervals, as the calls' own marks say it. Needs one of llm, tts, stt, endpointing. Of the latest ${MOST_CALLS.toLocaleString('en-US')} calls of the choice (of the last ${DEFAULT_SINCE} where nothing says when). Says what cannot be known.`,
  properties: {
    ...FILTER_PROPERTIES,
    llm: model('Another language model'),
    tts: model('Another voice model'),
    stt: model('Another transcription: its cost alone'),
    endpointing: delay('Another delay before a turn is committed'),
    endpointing_now: delay('What that is set to now (default: the median of what was measured)'),
  },
  list: 'unknown',
  async run(given, context) {
    const { db, settings } = context;
    const wish = readWish({
      ...Object.fromEntries(['llm', 'tts', 'stt', 'endpointing'].map((name) => [name, textOf(given[name])])),
      'endpointing-now': textOf(given.endpointing_now),
    });
    const isTimed = given.since !== undefined || given.until !== undefined;
    const chosen = filterOf(isTimed ? given : { ...given, since: DEFAULT_SINCE }, context);
    const calls = new WhatIfCalls(wish, await readPriceList(settings));
    await collectWhatIf(calls, {
      chosen: () => journalCalls(db, chosen, settings, MOST_CALLS),
      ofProvider: (provider) => journalCalls(db, elsewhere(chosen, provider), settings, MOST_MEASURED_CALLS),
    });
    const result = calls.result({});
    if (result.calls === 0)
      throw new CommandError(
        result.expired > 0
          ? 'every call that matches has lost its spans: they have left the journal.'
          : `no call matches${isTimed ? '' : ` in the last ${DEFAULT_SINCE}: since looks further back`}.`,
      );
    return result;
  },
};

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
