import type { Swaps } from './costs.ts';
import { type ModelName, showModelName } from './model-name.ts';
import type { Plan } from './silence.ts';
import type { TurnCase } from './turn-cases.ts';

interface Circumstances {
  readonly wish: Swaps & { readonly endpointing?: number | undefined };
  readonly plan: Plan;
  readonly turns: readonly TurnCase[];
  /** Requests to models that hear and speak. */
  readonly speechToSpeech: number;
  /** Models that the calls used, by stage. */
  readonly replaced: Readonly<Record<'stt' | 'llm' | 'tts', ReadonlySet<string>>>;
  readonly given: Readonly<Partial<Record<'llm' | 'tts', unknown>>>;
}

/** What cannot be known from calls in which the change was not made, in words. */
export function notKnown({ wish, plan, turns, speechToSpeech, replaced, given }: Circumstances): string[] {
  const { stt, llm, tts, endpointing } = wish;
  const ahead = turns.filter(
    ({ schedule: { llmStarted, committed } }) =>
      (llmStarted ?? 0) < (committed ?? 0) && llmStarted !== undefined,
  ).length;
  return [
    ...(llm ? aboutLlm(llm, plan, turns, [...replaced.llm], given.llm !== undefined) : []),
    ...(tts ? [`Whether users hear ${showModelName(tts)} as well, and how fast it speaks.`] : []),
    ...(stt
      ? [
          `When ${showModelName(stt)} ends an utterance and what it understands: the silence is predicted as if both stayed as they are.`,
        ]
      : []),
    ...(endpointing === undefined
      ? []
      : [
          'How many more users are cut off: earshot endpointing says it.',
          ...(plan.delay && !plan.delay.waitsForTranscript
            ? ['Whether the final transcript would be there in time: it comes with the commit now.']
            : []),
        ]),
    ...(ahead > 0 && (llm || endpointing !== undefined)
      ? [
          `${of(ahead, 'request was', 'requests were')} sent before the commit: how long the text took where it was ready by then is not seen.`,
        ]
      : []),
    ...(llm || tts || endpointing !== undefined
      ? ['How much shorter calls with less silence are: their minutes are priced as they were.']
      : []),
    ...(speechToSpeech > 0
      ? [
          `${of(speechToSpeech, 'request to a model that hears and speaks stays as it is', 'requests to models that hear and speak stay as they are')}.`,
        ]
      : []),
  ];
}

function aboutLlm(
  llm: ModelName,
  { llm: measured }: Plan,
  turns: readonly TurnCase[],
  replaced: readonly string[],
  isGiven: boolean,
): string[] {
  const name = showModelName(llm);
  const longest = measured?.longestPrompt;
  const longer = turns.filter(
    ({ request }) => (request?.inputTokens ?? 0) > (longest ?? Number.POSITIVE_INFINITY),
  ).length;
  const before = replaced
    .filter((model) => model !== name)
    .sort()
    .join(', ');
  return [
    `How many tokens ${name} makes of the same text: tokenisers differ, and the cost is by the tokens that ${before || 'the model'} counted.`,
    `How long its answers would be, whether it would call the same tools, and how good they are.`,
    `How fast it is under all of this load, and what it would read from its cache.`,
    ...(longer > 0
      ? [
          `${of(longer, 'turn has a longer prompt', 'turns have longer prompts')} than any that was measured of ${name}: the longest of these stand for ${longer === 1 ? 'it' : 'them'}.`,
        ]
      : []),
    ...(isGiven ? [`How fast ${name} writes the first sentence: it is taken to be as fast as before.`] : []),
  ];
}

const of = (count: number, one: string, several: string): string =>
  `${count.toLocaleString('en-US')} ${count === 1 ? one : several}`;
