import type { ComponentChildren } from 'preact';
import type { ModelsAnswer, WhatIfAnswer } from '../../shared/api.ts';
import { type WhatIfLine, whatIfLines, whatIfSentence } from '../../shared/decisions.ts';
import { showCountOf } from '../../shared/format.ts';
import { useFetched } from '../app/fetching.ts';
import { query } from '../app/location.ts';
import { Head, Listed, Working } from './decide-answer.tsx';
import { DurationField, ModelField, questionAddress } from './decide-fields.tsx';
import { Empty } from './empty.tsx';
import { View } from './view.tsx';

const PARAMETERS = ['llm', 'tts', 'stt', 'endpointing', 'endpointing_now'] as const;
const NO_MODELS = { seen: [], priced: [] };

/** What calls would have been with another model or another delay. */
export function WhatIfQuestion({ tabs }: { tabs: ComponentChildren }) {
  const models = useFetched<ModelsAnswer>('/api/models').data;
  const isAsked = PARAMETERS.slice(0, 4).some((name) => query.value.get(name));
  const { data, error, isLoading } = useFetched<WhatIfAnswer>(
    isAsked ? questionAddress('/api/whatif', PARAMETERS) : undefined,
  );
  const isKnown = isAsked && data !== undefined && error === undefined;
  return (
    <View
      name="Decide: what if"
      error={isAsked ? error : undefined}
      isEmpty={isKnown && data.calls + data.expired === 0}
    >
      {tabs}
      <section class="card pad decide-form" aria-label="What would be different">
        <ModelField name="llm" title="Language model" {...(models?.llm ?? NO_MODELS)} />
        <ModelField name="tts" title="Voice" {...(models?.tts ?? NO_MODELS)} />
        <ModelField name="stt" title="Transcription" {...(models?.stt ?? NO_MODELS)} />
        <DurationField name="endpointing" title="Endpointing delay" unit="ms" per={1_000} hint="as it is" />
        {query.value.get('endpointing') && (
          <DurationField name="endpointing_now" title="It is set to" unit="ms" per={1_000} hint="median" />
        )}
      </section>
      {!isAsked && <Teach />}
      {isAsked && isLoading && <Working />}
      {isKnown && data.calls + data.expired > 0 && <Result answer={data} isOld={isLoading} />}
    </View>
  );
}

const Teach = () => (
  <Empty title="What would another model do?">
    <p>
      Choose what would be different. The calls above are priced again with it, exactly, and their silence is
      predicted from your own turns of that model.
    </p>
    <p class="dim">
      A model that your calls have not used has a price and no speed yet: send it a few calls, or give{' '}
      <code>earshot whatif</code> a file of latencies.
    </p>
  </Empty>
);

function Result({ answer, isOld }: { answer: WhatIfAnswer; isOld: boolean }) {
  const { calls, turns, changed, expired, cost, sources, unknown, notes } = answer;
  return (
    <section class={`card pad decide-result ${isOld ? 'is-old' : ''}`} aria-label="What it would do">
      <p>
        <strong>{whatIfSentence(answer)}</strong>
      </p>
      <table class="compare-table">
        <Head
          class="compare-row compare-head"
          titles={['figure', 'now', 'then, 90 % interval', 'change, 90 % interval']}
        />
        <tbody>
          {whatIfLines(answer).map((line) => (
            <Line key={line.name} line={line} />
          ))}
        </tbody>
      </table>
      <Listed
        title="From"
        items={[
          `${showCountOf(calls, 'call')}, ${showCountOf(turns, 'turn')} with a known silence, ${changed.toLocaleString('en')} of them different.`,
          ...(expired > 0
            ? [`${showCountOf(expired, 'call')} left out: their spans have left the journal.`]
            : []),
          ...notes,
          ...sources,
        ]}
      />
      <Listed
        title="Not known"
        items={[
          ...(cost.unpriced.before.length > 0
            ? [`Now without a price: ${cost.unpriced.before.join(', ')}.`]
            : []),
          ...(cost.unpriced.after.length > 0
            ? [`Then without a price: ${cost.unpriced.after.join(', ')}.`]
            : []),
          ...unknown,
        ]}
      />
    </section>
  );
}

function Line({ line: { name, now, after, interval, change, changeInterval } }: { line: WhatIfLine }) {
  return (
    <tr class="compare-row">
      <th scope="row">{name}</th>
      <td>{now}</td>
      <td>
        <div class="nowrap">{after}</div>
        <div class="dim small">{interval}</div>
      </td>
      <td>
        <div>{change}</div>
        <div class="dim small">{changeInterval}</div>
      </td>
    </tr>
  );
}
