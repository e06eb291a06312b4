import { SETTINGS } from '../../model/settings.ts';

interface Row {
  key: string;
  alias?: string;
  type: string;
  fallback?: string;
  values?: readonly string[];
  secret?: boolean;
  description: string;
}

/** The table of settings as in docs/configuration.md. */
export function settingsTable(): string {
  const rows = Object.values(SETTINGS as Record<string, Row>).map((row) => {
    const type = row.values ? row.values.map((value) => `\`${value}\``).join(' or ') : row.type;
    const fallback = row.fallback ? `\`${row.fallback}\`` : '';
    const secret = row.secret ? ' Secret: never logged.' : '';
    return `| \`${row.key}\`${row.alias ? ` or \`${row.alias}\`` : ''} | ${type} | ${fallback} | ${row.description}${secret} |`;
  });
  return ['| variable | type | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
}
