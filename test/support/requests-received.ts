/**
 * How many requests have arrived at a simulator. What it notes besides, of an answer that was broken off for example, may come
 * only when the next test has begun.
 */
export const requestsReceived = ({
  truth,
}: {
  readonly truth: readonly { readonly kind: string }[];
}): number => truth.filter(({ kind }) => kind === 'received').length;
