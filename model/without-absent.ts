/** Values of which none is undefined. */
type Present<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

/** The values that are there: what is undefined is left out. */
export const withoutAbsent = <T extends object>(values: T): Present<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>;
