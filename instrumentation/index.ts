import type { Call, CallStart, Turn } from './call/api.ts';
import { Call as StartedCall } from './call/call.ts';
import { activeCall } from './call/scope.ts';

/** Starts a call. Without `earshot/register` or a tracer provider it records nothing and costs next to nothing. */
export const startCall = (start?: CallStart): Call => new StartedCall(start);

/** Runs `fn` inside `call`: model requests made in it, and in what it starts, find their call and turn. */
export const withCall = <T>(call: Call, fn: () => T): T => call.run(fn);

/** The call that the running code belongs to. */
export const currentCall = (): Call | undefined => activeCall();

/** The turn that is going on in the call that the running code belongs to. */
export const currentTurn = (): Turn | undefined => activeCall()?.turn;

export type { Usage } from '../model/facts.ts';
export type { EouSource, InterruptionKind, Outcome, StageKind } from '../model/vocabulary.ts';
export type {
  At,
  Attachment,
  Call,
  CallEnd,
  CallFacts,
  CallStart,
  InterruptionMark,
  PlaybackStart,
  SpeechMark,
  Stage,
  StageFacts,
  StageResult,
  TelephonyState,
  Turn,
  TurnEnd,
  TurnStart,
} from './call/api.ts';
export type { Instant } from './call/clock.ts';
export { setCaptureContent } from './call/content.ts';
export { flush } from './call/delivery.ts';
export { MetricCollector, type TurnLatencies } from './metric-collector.ts';
