import { type CallFile, CallFileError, readCallFile } from '../../exporter/call-file/index.ts';
import { groupCall } from '../../exporter/calls/group.ts';
import { finalizeCall } from '../../exporter/finalize.ts';
import { loadPriceList } from '../../exporter/pipeline/price-list.ts';
import { compareTurns } from '../../exporter/replay/compare.ts';
import { unplayable } from '../../exporter/replay/playable.ts';
import { scriptOf } from '../../exporter/replay/script.ts';
import { safeText } from '../../model/safe-text.ts';
import { readSettings } from '../../model/settings.ts';
import { type Command, CommandError, type ExitCode, type Invocation, UsageError } from '../command.ts';
import { readDuration } from '../duration-option.ts';
import { missingPackages } from '../missing.ts';
import { toJson } from '../render/json.ts';
import { painter } from '../render/text.ts';
import { Interruption } from '../replay/interruption.ts';
import { exitCodeOf, judgeTurns } from '../replay/judge.ts';
import { replayJson, replayText } from '../replay/render.ts';
import { replayCall } from '../replay/replay-call.ts';
import { startSaving } from '../replay/save.ts';

export const replay: Command = {
  name: 'replay',
  help: `Usage: earshot replay FILE [--max-silence 1.2s] [--within 150ms] [options] [-- COMMAND [ARGUMENT …]]

Makes the call in a file of earshot save again, without keys and without a network: a simulated caller speaks when, and for as
long as, the user did, and simulators of Deepgram, OpenAI, Groq and Cartesia on loopback answer when the providers did. What the
agent makes of it is compared with the saved call turn by turn. It takes as long as the call did.

COMMAND starts the agent, as in: earshot replay bad-call.earshot --max-silence 1.2s -- node agent.js. It gets PORT, on which it
has to answer as Twilio's webhook asks (/twiml) and to serve the media stream; DEEPGRAM_URL, OPENAI_BASE_URL, GROQ_BASE_URL and
CARTESIA_BASE_URL, which it has to use; and keys that open nothing. Without COMMAND it is the agent of earshot demo.
Its tools run: what they change is changed.

  --max-silence DURATION  no turn may be more silent than that
  --within DURATION       no turn may be more silent than it was by more than that
  --call URL              where the agent is called: what gives TwiML (default http://127.0.0.1:PORT/twiml), or its media
                          stream, as ws://127.0.0.1:8080/media
  --cold                  without the short call that comes first: the first answer of a process takes longer than all others
  -o, --out FILE          writes the call that was made as a file, for earshot open
  --json                  turns, segments and verdicts as JSON

Exit code 0: all limits hold. 1: one is broken, or the call could not be made. 2: something could not be judged, as a turn that
the agent did not make. Nothing is written to any database. docs/call-files.md says what a replay keeps, and what not.`,
  options: {
    'max-silence': { type: 'string' },
    within: { type: 'string' },
    call: { type: 'string' },
    cold: { type: 'boolean' },
    out: { type: 'string', short: 'o' },
    json: { type: 'boolean' },
  },
  maxArguments: Number.POSITIVE_INFINITY,
  firstIsOwn: true,
  run,
};

async function run({ arguments: [path, ...command], options, io }: Invocation): Promise<ExitCode> {
  if (path === undefined) throw new UsageError('saw no file, expected one that earshot save wrote.');
  const limits = {
    maxSilence: durationOf('max-silence', options['max-silence']),
    within: durationOf('within', options.within),
  };
  const url = urlOf(options.call);
  const settings = readSettings();
  const file = await opened(path);
  const missing = missingPackages(command.length > 0 ? 'replay' : 'demo');
  if (missing !== undefined)
    throw new CommandError(`a replay needs packages that are not installed here: ${missing}`);
  const saving = typeof options.out === 'string' ? startSaving(options.out) : undefined;
  const saved = groupCall(file.facts);
  const script = scriptOf(saved);
  if (saved.stages.some(({ realtime }) => realtime === true))
    throw new CommandError(
      `${path}: a model that hears and speaks itself took part in this call, and nothing here stands in for one.`,
    );
  const spoken = script.exchanges.filter(({ speech }) => speech !== undefined);
  const reason = unplayable(script);
  if (reason !== undefined) throw new CommandError(`${path}: ${reason}.`);
  const paint = painter(io.colour);
  const interruption = new Interruption();
  const made = await replayCall({
    script,
    settings,
    command: command.length > 0 ? command : undefined,
    warmUp: options.cold !== true,
    url,
    say: (text) => io.err(paint('dim', safeText(text))),
    interrupted: interruption.signal,
  })
    .catch((error: unknown) => {
      if (interruption.exitCode === undefined) throw error;
    })
    .finally(() => interruption.forget());
  if (made === undefined || interruption.exitCode !== undefined) return interruption.exitCode ?? 1;
  const priceList = await loadPriceList(settings, (text) => io.err(`earshot: ${safeText(text)}`));
  const rows = made.facts.length === 0 ? undefined : finalizeCall(made.facts, priceList);
  const turns = compareTurns(
    file.turns,
    spoken.map(({ turns: [turn = 0] }) => turn),
    made.truth.turns
      .filter(({ initiator }) => initiator === 'user')
      .map(({ speechEndedMicros, firstAudioMicros }) =>
        speechEndedMicros === undefined
          ? undefined
          : { endedUs: speechEndedMicros, heardUs: firstAudioMicros },
      ),
    rows?.logs ?? [],
    made.facts.length === 0 ? undefined : groupCall(made.facts),
  );
  const verdicts = judgeTurns(turns, limits);
  await saving?.(made.facts, priceList);
  const result = { file: path, callId: made.truth.callSid, turns, verdicts, script, made, limits };
  if (options.json === true) io.out(toJson(replayJson(result)));
  else io.out(replayText(result, io.screen, paint));
  return exitCodeOf(verdicts);
}

async function opened(path: string): Promise<CallFile> {
  try {
    const file = await readCallFile(path);
    if (file.facts.length > 0) return file;
  } catch (error) {
    if (error instanceof CallFileError) throw new CommandError(`${path}: ${error.message}.`);
    throw error;
  }
  throw new CommandError(
    `${path}: its spans had expired when it was saved, and without them its timings are not known.`,
  );
}

const durationOf = (option: string, given: unknown): number | undefined =>
  typeof given === 'string' ? readDuration(`--${option}`, given) : undefined;

function urlOf(given: unknown): URL | undefined {
  if (typeof given !== 'string') return undefined;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url !== undefined && ['http:', 'ws:'].includes(url.protocol) && LOOPBACK.test(url.hostname)) return url;
  throw new UsageError(
    `--call: saw ${given}, expected an address of this machine such as http://127.0.0.1:8080/twiml or ws://127.0.0.1:8080/media.`,
  );
}

/** A replay makes no connection to any other machine. */
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/;
