/**
 * What a file that instruments an SDK is written with: `earshot/sdk`. The files of this folder are written with the same;
 * docs/adding-an-sdk.md shows one from outside.
 */
export { nowMs } from '../clock.ts';
export { followsRequests, openStage } from '../open-stage.ts';
export { activeCall, withReportedStages } from '../scope.ts';
export { guard } from '../spans.ts';
export type { Stage, StageFacts, StageResult } from '../stage.ts';
export type { SdkInstrumentation } from './sdk.ts';
export { type RequestTap, tapApiPromise } from './shared/api-promise.ts';
export { AudioClock } from './shared/audio-clock.ts';
export { ConnectionCall } from './shared/connection-call.ts';
export { Deadline } from './shared/deadline.ts';
export type { Transcript } from './shared/late-transcripts.ts';
export {
  type AudioPosition,
  LiveTranscription,
  type LiveTranscriptionInit,
  type Words,
} from './shared/live-transcription.ts';
export {
  at,
  type Foreign,
  foreign,
  type Method,
  pick,
  quantity,
  text,
  wrapGetter,
  wrapOnce,
} from './shared/patch.ts';
export { Playout, type PlayoutListener } from './shared/playout.ts';
export { type Answer, SdkRequest, type StartRequest, tracedRequest } from './shared/sdk-request.ts';
export { SpeechSession, type SpeechSessionInit } from './shared/speech-session.ts';
export { type SdkStream, type Tap, tapReadable, tapResponse, tapStream } from './shared/streams.ts';
