import { CUT_OFF_SECONDS } from '../../exporter/decisions/endpointing.ts';
import {
  type EndpointingCall,
  endpointingCall,
  LANGUAGE_TAG,
} from '../../exporter/decisions/endpointing-call.ts';
import { endpointingGroups } from '../../exporter/decisions/endpointing-groups.ts';
import { oneSided, verifiedGroups } from '../../exporter/decisions/verified-groups.ts';
import { finished } from '../../exporter/statistics/pieces.ts';
import { readSettings } from '../../model/settings.ts';
import type { Command, ExitCode, Invocation } from '../command.ts';
import { CommandError, UsageError } from '../command.ts';
import { openCommandDatabase } from '../database.ts';
import { endpointingText, verificationText } from '../endpointing/render.ts';
import { CHOICE_HELP, CHOICE_OPTIONS } from '../filter-options.ts';
import { finalizeEnded } from '../finalize-ended.ts';
import {
  DEFAULT_SINCE,
  journalCalls,
  MOST_CALLS,
  noCall,
  readSeconds,
  readSeed,
  recentFilter,
} from '../journal-calls.ts';
import { toJson } from '../render/json.ts';
import { painter } from '../render/text.ts';
import { readTime, TIME_HELP } from '../time-option.ts';

export const endpointing: Command = {
  name: 'endpointing',
  help: `Usage: earshot endpointing [--delay TIME] [options]
       earshot endpointing --changed TIME [options]
       earshot endpointing --changed-in VERSION [options]

A turn is committed when the user has been silent for some time. The shorter that is, the sooner the agent answers, and the more
often it cuts off a user who only paused. From the pauses of your own users: what each delay saves and whom it cuts off, for each
agent and language, and which delay is best. With --changed: what the calls before a change predicted, and what became of it.

  --delay TIME         look at this delay, too: 220ms
  --now TIME           what it is set to (default: the median of what was measured)
  --cut-off-cost TIME  one cut-off is as bad as so much silence (default ${CUT_OFF_SECONDS}s): which delay is best depends on it
  --changed TIME       when the delay was changed: ${TIME_HELP}
  --changed-in VERSION the service version that changed it, in place of a time: calls of other versions are before

Which calls (default: --since ${DEFAULT_SINCE}), at most the latest ${MOST_CALLS.toLocaleString('en-US')}:

${CHOICE_HELP}

  --json               the same as JSON: seconds, and cut-offs by turns
  --seed N             of what is drawn (default 1); the same seed gives the same intervals
  --utc                dates and times in UTC

The language is the call's tag "${LANGUAGE_TAG}", else that of the user's words where they are recorded. How often users pause for longer is
estimated by Kaplan and Meier's method: where the agent has spoken, no one knows how long the user would have paused. Intervals are
90 % intervals of a bootstrap by call. Reads EARSHOT_DATABASE_URL (or DATABASE_URL), else the embedded database in .earshot
(EARSHOT_DATA_DIR).`,
  options: {
    ...CHOICE_OPTIONS,
    delay: { type: 'string' },
    now: { type: 'string' },
    'cut-off-cost': { type: 'string' },
    changed: { type: 'string' },
    'changed-in': { type: 'string' },
    seed: { type: 'string' },
    json: { type: 'boolean' },
    utc: { type: 'boolean' },
  },
  maxArguments: 0,
  run,
};

async function run({ options, io }: Invocation): Promise<ExitCode> {
  const utc = options.utc === true;
  const asked = readSeconds('delay', options.delay, '220ms');
  const now = readSeconds('now', options.now, '300ms');
  const cutOffSeconds = readSeconds('cut-off-cost', options['cut-off-cost'], '5s') ?? CUT_OFF_SECONDS;
  const isAfter = changeOf(options, utc);
  const seed = readSeed(options.seed);
  const filter = recentFilter(options, utc);
  const settings = readSettings();
  const database = await openCommandDatabase(settings);
  try {
    await finalizeEnded(database, settings, io);
    const calls: EndpointingCall[] = [];
    let expired = 0;
    for await (const { call } of journalCalls(database.db, filter, settings))
      if (call === undefined) expired += 1;
      else calls.push(endpointingCall(call));
    if (calls.length === 0) throw noCall(options, expired);
    const missing = isAfter && oneSided(calls, isAfter);
    if (missing !== undefined) throw new CommandError(missing);
    const groups = finished(
      isAfter
        ? verifiedGroups(calls, isAfter, seed)
        : endpointingGroups(calls, { ...seed, cutOffSeconds, delay: asked, now }),
    );
    if (groups.length === 0)
      throw new CommandError(
        'no call that matches shows when a user fell silent and when the turn was committed.',
      );
    if (options.json === true) io.out(toJson({ groups }));
    else if (isAfter) io.out(verificationText(groups, io.screen, painter(io.colour)));
    else io.out(endpointingText(groups, { asked, now, cutOffSeconds }, io.screen, painter(io.colour)));
    return 0;
  } finally {
    await database.close();
  }
}

type IsAfter = (call: EndpointingCall) => boolean;

/** Which calls are after the change that is to be verified; undefined: none is. */
function changeOf(options: Invocation['options'], utc: boolean): IsAfter | undefined {
  const changedUs = readTime('changed', options.changed, utc);
  const version = options['changed-in'];
  if (changedUs !== undefined && version !== undefined)
    throw new UsageError('saw --changed and --changed-in, expected one of them.');
  if (changedUs !== undefined) return ({ startUs }) => startUs >= changedUs;
  return version === undefined ? undefined : ({ serviceVersion }) => serviceVersion === version;
}
