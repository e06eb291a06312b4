/** The page: loaded by the commands that serve it, and by no other. */
export { PageNotBuiltError } from './assets.ts';
export type { Page } from './page.ts';
export { makePage, servePage } from './serve-page.ts';
