import { Call, type CallStart } from './call/call.ts';
import { activeCall } from './call/scope.ts';
import type { Turn } from './call/turn.ts';

/** Starts a call. Without `earshot/register` or a tracer provider it records nothing and costs next to nothing. */
export const startCall = (start: CallStart = {}): Call => new Call(start ?? {});

/** Runs `fn` inside `call`: model requests made in it, and in what it starts, find their call and turn. */
export const withCall = <T>(call: Call, fn: () => T): T => call.run(fn);

/** The call that the running code belongs to. */
export const currentCall = (): Call | undefined => activeCall();

/** The turn that is going on in the call that the running code belongs to. */
export const currentTurn = (): Turn | undefined => activeCall()?.turn;

export type {
  EouSource,
  Interruption,
  InterruptionKind,
  Outcome,
  StageKind,
  Usage,
} from '../model/facts.ts';
export { Call, type CallEnd, type CallStart } from './call/call.ts';
export type { Instant } from './call/clock.ts';
export { setCaptureContent } from './call/content.ts';
export { Stage, type StageFacts, type StageResult } from './call/stage.ts';
export { type SpeechMark, Turn, type TurnEnd } from './call/turn.ts';
export { MetricCollector, type TurnLatencies } from './metric-collector.ts';
