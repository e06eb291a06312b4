import { CALL_COLUMNS, shownColumns, toggleColumn } from './call-columns.tsx';

/** Which columns the calls have. */
export function ColumnChoice() {
  return (
    <details class="menu wide-only">
      <summary class="button">Columns</summary>
      <div class="menu-body">
        {CALL_COLUMNS.filter(({ name }) => name !== 'call').map(({ name, title }) => (
          <label key={name}>
            <input
              type="checkbox"
              checked={shownColumns.value.has(name)}
              onChange={() => toggleColumn(name)}
            />
            {title === '$' ? 'Cost in $' : title}
          </label>
        ))}
      </div>
    </details>
  );
}
