import { type ModelName, parseModelName } from '../../exporter/decisions/model-name.ts';
import type { GivenLatencies, GivenLatency } from '../../exporter/decisions/whatif.ts';
import { type Wish, wishFor } from '../../exporter/decisions/wish.ts';
import type { Invocation } from '../command.ts';
import { UsageError } from '../command.ts';
import { readSeconds } from '../journal-calls.ts';
import { readSmallFile } from '../small-file.ts';

type Options = Invocation['options'];

/** What is to be different. @throws UsageError where nothing is. */
export function readWish(options: Options): Wish {
  const wish = wishFor({
    stt: modelOf('stt', options.stt),
    llm: modelOf('llm', options.llm),
    tts: modelOf('tts', options.tts),
    endpointing: readSeconds('endpointing', options.endpointing, '220ms'),
    endpointingNow: readSeconds('endpointing-now', options['endpointing-now'], '300ms'),
  });
  if (wish !== undefined) return wish;
  throw new UsageError(
    'saw nothing that is to be different, expected --llm, --tts or --stt PROVIDER/MODEL, or --endpointing TIME.',
  );
}

function modelOf(option: string, text: unknown): ModelName | undefined {
  if (typeof text !== 'string') return undefined;
  const name = parseModelName(text);
  if (name !== undefined) return name;
  throw new UsageError(
    `--${option}: saw ${text}, expected a provider and a model such as openai/gpt-4.1-mini.`,
  );
}

/** Latencies that were measured elsewhere. */
export function readLatencies({ latency: file }: Options, { llm, tts }: Wish): GivenLatencies {
  if (typeof file !== 'string') return {};
  const stages = [...(llm ? (['llm'] as const) : []), ...(tts ? (['tts'] as const) : [])];
  const [only, second] = stages;
  if (only === undefined)
    throw new UsageError('--latency: saw it without --llm or --tts, whose latencies it has.');
  const content = readJson(file);
  if (Array.isArray(content)) {
    if (second === undefined) return { [only]: latenciesIn(content, file) };
    throw new UsageError(
      `--latency: ${file} is one list, expected an object with "llm" and "tts", as both change.`,
    );
  }
  const given = stages.flatMap((stage) => {
    const list = (content as Record<string, unknown> | null)?.[stage];
    return list === undefined ? [] : [[stage, latenciesIn(list, file)] as const];
  });
  if (given.length > 0) return Object.fromEntries(given);
  throw new UsageError(
    `--latency: ${file} has no latencies, expected a list, or an object with one under ${stages.map((stage) => `"${stage}"`).join(' or ')}.`,
  );
}

function readJson(file: string): unknown {
  const text = readSmallFile(file, (reason) => new UsageError(`--latency: cannot read ${file} (${reason}).`));
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`--latency: ${file} is not JSON, expected a list of seconds.`);
  }
}

const MOST = 100_000;

function latenciesIn(list: unknown, file: string): GivenLatency[] {
  const wrong = (what: unknown) =>
    new UsageError(
      `--latency: ${file}: saw ${JSON.stringify(what)}, expected seconds, as 0.42 or {"seconds": 0.42, "inputTokens": 1200}.`,
    );
  if (!Array.isArray(list)) throw wrong(list);
  return list.slice(0, MOST).map((item: unknown) => {
    const { seconds, inputTokens } =
      typeof item === 'number'
        ? { seconds: item, inputTokens: undefined }
        : ((item ?? {}) as Record<string, unknown>);
    if (!isAmount(seconds, 600) || !(inputTokens === undefined || isAmount(inputTokens, 1e9)))
      throw wrong(item);
    return { seconds, ...(inputTokens !== undefined && { inputTokens }) };
  });
}

const isAmount = (value: unknown, most: number): value is number =>
  typeof value === 'number' && value >= 0 && value <= most;
