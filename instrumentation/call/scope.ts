import { type Context, context, createContextKey } from '@opentelemetry/api';
import type { Call } from './call.ts';

const SCOPE_KEY = createContextKey('earshot.call-scope');
const REQUEST_KEY = createContextKey('earshot.request');
const REPORTED_KEY = createContextKey('earshot.stages-reported');

/**
 * What async work inherits to find its call. A holder and not the call itself, because a socket's handlers can set up
 * the speech-to-text connection before the transport has said which call this is.
 */
export class CallScope {
  call: Call | undefined;

  constructor(call?: Call) {
    this.call = call;
  }
}

/** `ctx` with the scope in it. */
export const withScope = (ctx: Context, scope: CallScope): Context => ctx.setValue(SCOPE_KEY, scope);

/** The scope that the running code belongs to. */
export const activeScope = (ctx: Context = context.active()): CallScope | undefined =>
  ctx.getValue(SCOPE_KEY) as CallScope | undefined;

/** The call that the running code belongs to; undefined outside of one, and after its end. */
export function activeCall(ctx: Context = context.active()): Call | undefined {
  const call = activeScope(ctx)?.call;
  return call?.ended ? undefined : call;
}

/** `ctx` for work whose requests are reported elsewhere: a framework reports its own model requests and syntheses. */
export const withReportedStages = (ctx: Context): Context => ctx.setValue(REPORTED_KEY, true);

/** `ctx` for the request that a stage is of: what is sent there is no other one. */
export const withinRequest = (ctx: Context): Context => ctx.setValue(REQUEST_KEY, true);

/** Whether the running code makes a request that is a stage already. */
export const isWithinRequest = (ctx: Context): boolean => ctx.getValue(REQUEST_KEY) === true;

/** Whether the requests of the running code are reported elsewhere. */
export const stagesReported = (ctx: Context): boolean => ctx.getValue(REPORTED_KEY) === true;
