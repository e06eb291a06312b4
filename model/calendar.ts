/** Whether ISO 8601 text begins with a day that exists: `Date.parse` takes the 31st of February for a day in March. */
export function beginsWithDay(text: string): boolean {
  const day = text.slice(0, 10);
  const at = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(day);
}
