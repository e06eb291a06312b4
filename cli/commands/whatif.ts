import { collectWhatIf, elsewhere } from '../../exporter/decisions/collect.ts';
import { WhatIfCalls } from '../../exporter/decisions/whatif.ts';
import { readPriceList } from '../../exporter/pipeline/price-list.ts';
import { readSettings } from '../../model/settings.ts';
import type { Command, ExitCode, Invocation } from '../command.ts';
import { openCommandDatabase } from '../database.ts';
import { CHOICE_HELP, CHOICE_OPTIONS } from '../filter-options.ts';
import { finalizeEnded } from '../finalize-ended.ts';
import { DEFAULT_SINCE, journalCalls, MOST_CALLS, noCall, readSeed, recentFilter } from '../journal-calls.ts';
import { toJson } from '../render/json.ts';
import { painter } from '../render/text.ts';
import { readLatencies, readWish } from '../whatif/options.ts';
import { whatIfText } from '../whatif/render.ts';

/** So many calls are read at most to know how fast a model is. */
const MOST_MEASURED_CALLS = 2_000;

export const whatif: Command = {
  name: 'whatif',
  help: `Usage: earshot whatif --llm PROVIDER/MODEL [--tts PROVIDER/MODEL] [--stt PROVIDER/MODEL] [options]
       earshot whatif --endpointing TIME [options]

Takes calls that were made, and computes what they would have been with something different. Cost: the same usage at the other
model's price of that day, exact. Silence: in each turn the time of the other model is drawn from your own turns of that model
with the most similar prompts, and the rest takes as long as it did, in the order that the marks of the turn say. Lists what
cannot be known.

What would be different:

  --llm MODEL          another language model, as openai/gpt-4.1-mini
  --tts MODEL          another voice model, as cartesia/sonic-2
  --stt MODEL          another transcription: its cost alone
  --endpointing TIME   another delay before a turn is committed: 220ms
  --endpointing-now TIME  what it is set to now (default: the median of what was measured)
  --latency FILE       how fast a model is that your calls have not used: JSON, a list of seconds to the first byte, or of
                       {"seconds": 0.42, "inputTokens": 1200}; with both models {"llm": […], "tts": […]}

Which calls (default: --since ${DEFAULT_SINCE}), at most the latest ${MOST_CALLS.toLocaleString('en-US')}:

${CHOICE_HELP}

  --json               the same as JSON; seconds, and money as text
  --seed N             of what is drawn (default 1); the same seed gives the same intervals
  --utc                dates of --since and --until in UTC

Intervals are 90 % intervals of a bootstrap by call. Reads EARSHOT_DATABASE_URL (or DATABASE_URL), else the embedded database in
.earshot (EARSHOT_DATA_DIR).`,
  options: {
    ...CHOICE_OPTIONS,
    llm: { type: 'string' },
    tts: { type: 'string' },
    stt: { type: 'string' },
    endpointing: { type: 'string' },
    'endpointing-now': { type: 'string' },
    latency: { type: 'string' },
    seed: { type: 'string' },
    json: { type: 'boolean' },
    utc: { type: 'boolean' },
  },
  maxArguments: 0,
  run,
};

async function run({ options, io }: Invocation): Promise<ExitCode> {
  const wish = readWish(options);
  const given = readLatencies(options, wish);
  const seed = readSeed(options.seed);
  const filter = recentFilter(options, options.utc === true);
  const settings = readSettings();
  const calls = new WhatIfCalls(wish, await readPriceList(settings), given);
  const database = await openCommandDatabase(settings);
  try {
    await finalizeEnded(database, settings, io);
    await collectWhatIf(calls, {
      chosen: () => journalCalls(database.db, filter, settings),
      ofProvider: (provider) =>
        journalCalls(database.db, elsewhere(filter, provider), settings, MOST_MEASURED_CALLS),
    });
    const result = calls.result(seed);
    if (result.calls === 0) throw noCall(options, result.expired);
    io.out(options.json === true ? toJson(result) : whatIfText(result, io.screen, painter(io.colour)));
    return 0;
  } finally {
    await database.close();
  }
}
