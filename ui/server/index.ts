/** The page: loaded by the commands that serve it, and by no other. */
export { makePage, servePage } from './serve-page.ts';
