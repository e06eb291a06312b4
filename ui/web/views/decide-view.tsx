import { withParameters } from '../../shared/query.ts';
import { query } from '../app/location.ts';
import { EndpointingQuestion } from '../parts/endpointing-question.tsx';
import { WhatIfQuestion } from '../parts/what-if-question.tsx';

/** What a change would do: another model, another delay. */
export function DecideView() {
  const isEndpointing = query.value.get('question') === 'endpointing';
  const tabs = (
    <nav class="tabs" aria-label="Questions">
      <a href={addressOf(undefined)} aria-current={isEndpointing ? undefined : 'page'}>
        What if
      </a>
      <a href={addressOf('endpointing')} aria-current={isEndpointing ? 'page' : undefined}>
        Endpointing
      </a>
    </nav>
  );
  return isEndpointing ? <EndpointingQuestion tabs={tabs} /> : <WhatIfQuestion tabs={tabs} />;
}

const addressOf = (question: string | undefined) => withParameters('/decide', query.value, { question });
