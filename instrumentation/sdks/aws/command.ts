import { at, foreign, type Method, text, wrapOnce } from '../kit/patch.ts';

/** What a command asks for, and how its answer is followed. Undefined: it is not. */
export type FollowCommand = (name: string, input: unknown, send: () => unknown, options: unknown) => unknown;

/**
 * A client of the AWS SDK. All clients inherit `send` from one class; this one gets its own, which every command of it goes
 * through, those of its aggregated client (`client.converse()`) too.
 */
export function followClient(clientClass: unknown, follow: FollowCommand): void {
  wrapOnce(at(clientClass, 'prototype'), 'send', (send) => tracedSend(send, follow));
}

const tracedSend = (send: Method, follow: FollowCommand): Method =>
  function (this: unknown, ...args) {
    const [command, options] = args;
    const name = commandName(command);
    const pass = (): unknown => send.apply(this, args);
    // With a callback nothing is given back; hardly anyone still uses one.
    if (name === undefined || typeof args.at(-1) === 'function') return pass();
    return follow(name, foreign(command)?.input, pass, options);
  };

/** `ConverseStream` of a `ConverseStreamCommand`. A bundler that renames classes hides it, but for newer versions, whose schema has it. */
function commandName(command: unknown): string | undefined {
  const schema = at(command, 'schema');
  const named = Array.isArray(schema) ? text(schema[2]) : undefined;
  return named ?? text(at(command, 'constructor', 'name'))?.replace(/Command$/, '');
}
