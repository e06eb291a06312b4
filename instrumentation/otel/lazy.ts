import { createRequire } from 'node:module';

/**
 * Loads a package when it is needed and synchronously, so that a start-up pays for what the configuration names and no
 * more, and everything is in place before the application's first line.
 */
export const load: NodeJS.Require = createRequire(import.meta.url);
