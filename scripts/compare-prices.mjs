// Compares the token prices in exporter/prices with those of @pydantic/genai-prices (MIT), whose newest version npm
// fetches into a temporary folder, and lists what is missing or differs. Run by hand:
//   node scripts/compare-prices.mjs [VERSION] [--entries]
// `--entries` prints what is missing as entries to put into the price files. The exit code is 1 when there is a
// difference. docs/pricing.md, "Adding a price", says how to go on.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const PACKAGE = '@pydantic/genai-prices';
const PRICES = fileURLToPath(new URL('../exporter/prices/', import.meta.url));
const byHand = process.argv[1] === fileURLToPath(import.meta.url);

/** The package's provider for each of our files. */
export const SOURCES = {
  openai: 'openai',
  anthropic: 'anthropic',
  groq: 'groq',
  google: 'google',
  azure: 'azure',
  bedrock: 'aws',
  mistral: 'mistral',
  cohere: 'cohere',
  deepseek: 'deepseek',
  xai: 'x-ai',
  cerebras: 'cerebras',
};

const UNITS = {
  input_mtok: 'per_million_input_tokens',
  cache_read_mtok: 'per_million_cached_input_tokens',
  cache_write_mtok: 'per_million_cache_creation_input_tokens',
  output_mtok: 'per_million_output_tokens',
  output_reasoning_mtok: 'per_million_reasoning_tokens',
  input_audio_mtok: 'per_million_input_audio_tokens',
  cache_audio_read_mtok: 'per_million_cached_input_audio_tokens',
  output_audio_mtok: 'per_million_output_audio_tokens',
  audio_hours: 'per_audio_hour',
};

/** Not what a voice agent is billed for, or no price of the provider's own. */
const LEFT_OUT =
  /embed|image|moderation|computer-use|\bocr\b|vision|omni-flash|:free$|^(ada|babbage|curie|davinci|text-|gemma|phi-|wizard|mai-ds|claude-2|claude-v1|titan|llama2)/;
const SECOND_HAND = /openrouter|open router|other source|original source|can't find/i;
const isLeftOut = ({ id, price_comments = '' }) => LEFT_OUT.test(id) || SECOND_HAND.test(price_comments);

/** The package's models of one provider, as entries of a price file. */
export function entriesOf(provider) {
  const entries = [];
  for (const model of provider.models) {
    if (isLeftOut(model)) continue;
    const prices = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }];
    const priced = prices.map(({ constraint, prices }) => ({ constraint, ...ratesOf(prices) }));
    if (!priced.every(({ rates }) => isComplete(rates))) continue;
    const models = namesOf(model, provider.id);
    entries.push({ component: componentOf(model.id, priced[0].rates), models, priced });
  }
  return entries;
}

/** Names of models that the files only name, so that a shorter name does not price them. */
export const leftOut = (provider) =>
  provider.models.filter(isLeftOut).flatMap((model) => namesOf(model, provider.id));

const namesOf = (model, provider) =>
  [...new Set([...namesIn(model.match, provider), ownName(model.id)])].filter(Boolean);

const isComplete = (rates) =>
  rates.per_audio_hour !== undefined ||
  (rates.per_million_input_tokens !== undefined && rates.per_million_output_tokens !== undefined);

function componentOf(id, rates) {
  if (/tts/.test(id)) return 'tts';
  return rates.per_audio_hour !== undefined || /transcribe|whisper/.test(id) ? 'stt' : 'llm';
}

/** Rates by our units; `long` are those of prompts with more input tokens than `above`. */
export function ratesOf(prices) {
  const rates = {};
  const long = {};
  let above;
  for (const [key, unit] of Object.entries(UNITS)) {
    const value = prices[key];
    if (value === undefined) continue;
    rates[unit] = String(value.base ?? value);
    const tier = value.tiers?.[0];
    long[unit] = String(tier?.price ?? value.base ?? value);
    above ??= tier?.start;
  }
  return { rates, ...(above !== undefined && { above, long }) };
}

/** Bedrock's geographic inference profiles cost what the region costs; the global one has a price of its own. */
const ownName = (name) => name.replace(/^(regional|us|us-gov|eu|apac|au|jp|ca)\./, '');

function namesIn(match, provider) {
  if (match.or) return match.or.flatMap((each) => namesIn(each, provider));
  if (match.and) return match.and.flatMap((each) => namesIn(each, provider));
  const [[kind, name]] = Object.entries(match);
  if (kind === 'regex') return [];
  const clean = ownName(name).replace(/[-@:]$/, '');
  return provider === 'aws' && clean.startsWith('claude-') ? [`anthropic.${clean}`] : [clean];
}

/** The price files' answer for a model, as the pipeline finds it. */
async function ours() {
  const { catalogue } = await import('../dist/exporter/pricing/index.js');
  const files = new Map(
    readdirSync(PRICES).map((name) => [name, JSON.parse(readFileSync(join(PRICES, name), 'utf8')).provider]),
  );
  return (file, component, model) =>
    catalogue().find({
      component,
      provider: files.get(`${file}.json`),
      model,
      atUs: Number.POSITIVE_INFINITY,
    });
}

const UNIT_OF = {
  per_million_input_tokens: 'inputTokens',
  per_million_cached_input_tokens: 'cachedInputTokens',
  per_million_cache_creation_input_tokens: 'cacheCreationInputTokens',
  per_million_output_tokens: 'outputTokens',
  per_million_reasoning_tokens: 'reasoningTokens',
  per_million_input_audio_tokens: 'inputAudioTokens',
  per_million_cached_input_audio_tokens: 'cachedInputAudioTokens',
  per_million_output_audio_tokens: 'outputAudioTokens',
  per_audio_hour: 'audioSeconds',
};

function differences({ rates }, price) {
  return Object.entries(rates).flatMap(([unit, theirs]) => {
    const rate = price.rates[UNIT_OF[unit]];
    const per = unit === 'per_audio_hour' ? 3600 : 1e6;
    const own = rate?.price.times(per).dividedBy(rate.per);
    return own?.equals(theirs) ? [] : [`${unit}: ours ${own ?? 'none'}, theirs ${theirs}`];
  });
}

async function main() {
  const version = process.argv.slice(2).find((argument) => !argument.startsWith('--')) ?? 'latest';
  const folder = mkdtempSync(join(tmpdir(), 'genai-prices-'));
  try {
    const packed = execFileSync('npm', ['pack', '--silent', `${PACKAGE}@${version}`], { cwd: folder });
    execFileSync('tar', ['xzf', packed.toString().trim()], { cwd: folder });
    const { findProvider } = await import(pathToFileURL(join(folder, 'package/dist/index.js')).href);
    const find = await ours();
    let count = 0;
    for (const [file, providerId] of Object.entries(SOURCES)) {
      for (const entry of entriesOf(findProvider({ providerId }))) {
        // Prices that hold at some hours of the day cannot be said in a price file.
        if (entry.priced.some(({ constraint }) => constraint?.type === 'time_of_date')) continue;
        const newest = entry.priced.at(-1);
        for (const model of entry.models) {
          const found = find(file, entry.component, model);
          const problems = found?.price ? differences(newest, found.price) : ['missing'];
          if (problems.length === 0) continue;
          count++;
          console.log(`${file}.json: ${entry.component} ${model}: ${problems.join('; ')}`);
        }
        if (process.argv.includes('--entries') && !find(file, entry.component, entry.models[0])) {
          console.log(
            JSON.stringify({ component: entry.component, models: entry.models, ...newest }, null, 2),
          );
        }
      }
    }
    console.log(count === 0 ? 'No difference.' : `${count} differences.`);
    process.exitCode = count === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (byHand) await main();
