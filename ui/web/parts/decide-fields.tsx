import { filtersOf, withParameters } from '../../shared/query.ts';
import { navigate, path, query } from '../app/location.ts';

/** Where a question is asked: with the filters of the address and those of its parameters that are set. */
export function questionAddress(api: string, names: readonly string[]): string {
  const asked = filtersOf(query.value);
  for (const name of names) {
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
