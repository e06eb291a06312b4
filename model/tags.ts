/** What an application sorts its calls by: `{ plan: 'gold', experiment: 'b' }`. */
export type Tags = Record<string, string>;

/** What a tag may be given as; it is kept as text. */
export type TagValue = string | number | boolean;

/** Tags of one call. */
export const MAX_TAGS = 32;
/** Characters. */
const MAX_TAG_VALUE = 256;

/** What the name of a tag may be, in words. */
export const TAG_NAME = '1 to 64 letters, digits, _, . and -, the first one a letter or a digit';
/** What its value may be. */
export const TAG_VALUE = `a string of 1 to ${MAX_TAG_VALUE} characters, a number, or true or false`;

export const isTagName = (name: unknown): name is string =>
  typeof name === 'string' && /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(name);

/** The value as it is kept; undefined for one that cannot be. Nothing is cut: half a value is another value. */
export function tagText(value: unknown): string | undefined {
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)))
    return String(value);
  return typeof value === 'string' && value !== '' && value.length <= MAX_TAG_VALUE ? value : undefined;
}

/** Those of the tags that may be: the first ones, and how many more there are. Undefined where there are none. */
export function readTags(given: Iterable<readonly [name: string, value: unknown]>): {
  tags?: Tags;
  dropped: number;
} {
  const tags: Tags = {};
  let [kept, dropped] = [0, 0];
  for (const [name, value] of given) {
    const text = isTagName(name) ? tagText(value) : undefined;
    const isNew = !Object.hasOwn(tags, name);
    if (text === undefined || (isNew && kept === MAX_TAGS)) dropped += 1;
    else {
      tags[name] = text;
      if (isNew) kept += 1;
    }
  }
  return { ...(kept > 0 && { tags }), dropped };
}

/** Tags of several sources as one set; of two with one name the later counts. Undefined where there are none. */
export function mergeTags(sources: readonly (Tags | undefined)[]): Tags | undefined {
  const merged: Tags = {};
  for (const tags of sources.toReversed())
    for (const [name, value] of Object.entries(tags ?? {}))
      if (!Object.hasOwn(merged, name)) merged[name] = value;
  return readTags(Object.entries(merged)).tags;
}
