import type { BillLine, CallAnswer } from '../../shared/api.ts';
import { showMoney } from '../../shared/format.ts';
import { usageText } from './usage-text.ts';

/** What the call cost, line by line, with the price that was used and where that is from. */
export function Bill({ data: { call, bill } }: { data: CallAnswer }) {
  return (
    <section class="card pad bill" aria-label="Cost">
      <div class="card-head">
        <h2>Cost</h2>
        <span class="spacer" />
        <b>
          {showMoney(call.cost_total)}
          {call.unpriced.length > 0 && '+'}
        </b>
      </div>
      {bill.length === 0 && <p class="dim">Only the sum is left: the spans of the call have expired.</p>}
      <ul>
        {bill.map((line) => (
          <li key={`${line.component} ${line.provider} ${line.model} ${line.entry ?? line.unpriced}`}>
            <i class={`swatch bg-cost-${line.component}`} />
            <div>
              <b>{line.component}</b> {[line.provider, line.model].filter(Boolean).join(' ')}
              <div class="dim small">{usageText(line.usage)}</div>
              <Price line={line} />
            </div>
            <span class="end">
              {line.cost === undefined ? <span class="over">not priced</span> : showMoney(line.cost)}
            </span>
          </li>
        ))}
      </ul>
      <p class="dim small">{call.price_list}: list prices in USD, before discounts and taxes</p>
    </section>
  );
}

function Price({ line: { entry, price, assumed } }: { line: BillLine }) {
  if (price === undefined) return entry === undefined ? null : <div class="dim small">{entry}</div>;
  const [link] = /https:\/\/[^\s()]+/.exec(price.source) ?? [];
  const rates = Object.entries(price.prices).map(([unit, rate]) => `$${rate} ${unit.replaceAll('_', ' ')}`);
  return (
    <details class="dim small">
      <summary>
        {rates[0]}
        {rates.length > 1 && ' …'}
        {assumed && ' (assumed for this day)'}
      </summary>
      {rates.slice(1).map((rate) => (
        <div key={rate}>{rate}</div>
      ))}
      <div>
        since {price.validFrom}, checked {price.checkedOn}
      </div>
      <div>
        {link === undefined ? (
          price.source
        ) : (
          <a href={link} target="_blank" rel="noreferrer">
            {price.source}
          </a>
        )}
      </div>
    </details>
  );
}
