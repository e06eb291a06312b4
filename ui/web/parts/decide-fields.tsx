import { filtersOf, withParameters } from '../../shared/query.ts';
import { navigate, path, query } from '../app/location.ts';

/** Where a question is asked: with the filters of the address, and its seed and parameters as far as they are set. */
export function questionAddress(api: string, names: readonly string[]): string {
  const asked = filtersOf(query.value);
  for (const name of [...names, 'seed']) {
    const value = query.value.get(name);
    if (value) asked.set(name, value);
  }
  return `${api}?${asked}`;
}

const set = (name: string, value: string) =>
  navigate(withParameters(path.value, query.value, { [name]: value }), { replace: true });

/** A duration, typed in other units than seconds: `per` of them are one. */
export function DurationField(props: {
  name: string;
  title: string;
  unit: string;
  per: number;
  hint: string;
}) {
  const { name, title, unit, per, hint } = props;
  const value = query.value.get(name) ?? '';
  const shown =
    value === '' || Number.isNaN(Number(value)) ? value : String(Number((Number(value) * per).toFixed(3)));
  return (
    <label class="field">
      <span>{title}</span>
      <span>
        <input
          type="text"
          inputMode="decimal"
          size={5}
          placeholder={hint}
          value={shown}
          onChange={({ currentTarget: { value: text } }) => {
            const number = Number(text.trim().replace(',', '.'));
            set(name, text.trim() === '' || Number.isNaN(number) ? text.trim() : String(number / per));
          }}
        />{' '}
        {unit}
      </span>
    </label>
  );
}

/** Text as people write it, with its unit. */
export function TextField(props: { name: string; title: string; hint: string; size?: number }) {
  const { name, title, hint, size = 8 } = props;
  return (
    <label class="field">
      <span>{title}</span>
      <input
        type="text"
        size={size}
        placeholder={hint}
        value={query.value.get(name) ?? ''}
        onChange={({ currentTarget: { value } }) => set(name, value.trim())}
      />
    </label>
  );
}

/** One of a few; another one that the address names stays. */
export function ChoiceField(props: {
  name: string;
  title: string;
  /** What nothing is called. */
  none: string;
  options: readonly (readonly [value: string, title: string])[];
}) {
  const { name, title, none, options } = props;
  const value = query.value.get(name) ?? '';
  const isOther = value !== '' && !options.some(([each]) => each === value);
  return (
    <label class="field">
      <span>{title}</span>
      <select
        class={value === '' ? '' : 'is-set'}
        value={value}
        onChange={(event) => set(name, event.currentTarget.value)}
      >
        <option value="">{none}</option>
        {isOther && <option value={value}>{value}</option>}
        {options.map(([each, text]) => (
          <option key={each} value={each}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A model, chosen from those that are known; another one that the address names stays. */
export function ModelField(props: {
  name: string;
  title: string;
  seen: readonly string[];
  priced: readonly string[];
}) {
  const { name, title, seen, priced } = props;
  const value = query.value.get(name) ?? '';
  const isOther = value !== '' && !seen.includes(value) && !priced.includes(value);
  const group = (label: string, models: readonly string[]) =>
    models.length > 0 && (
      <optgroup label={label}>
        {models.map((model) => (
          <option key={model} value={model}>
            {model}
          </option>
        ))}
      </optgroup>
    );
  return (
    <label class="field">
      <span>{title}</span>
      <select
        class={value === '' ? '' : 'is-set'}
        value={value}
        onChange={(event) => set(name, event.currentTarget.value)}
      >
        <option value="">as it is</option>
        {isOther && <option value={value}>{value}</option>}
        {group('In your calls', seen)}
        {group('In the price list', priced)}
      </select>
    </label>
  );
}
