/** Why `fetch` failed: the code of the system, or the class of the error. Never its message, which quotes the address. */
export function fetchErrorClass(error: unknown): string {
  const { cause, name } = error as { cause?: { code?: unknown }; name?: unknown };
  if (typeof cause?.code === 'string') return cause.code;
  return typeof name === 'string' ? name : 'Error';
}
