/** A call as one file: what it holds, how it is written and read, and that its rows can be computed again from it. */
export { type CallFile, CallFileError } from './call-file.ts';
export { computedAgain } from './compute-again.ts';
export { withoutWords } from './facts.ts';
export { RememberedPrices } from './prices.ts';
export { readCallFile } from './read-file.ts';
export { callFileBytes, type Sound, writeCallFile } from './write-file.ts';
