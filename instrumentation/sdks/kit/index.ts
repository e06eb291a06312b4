/**
 * What a file that instruments an SDK is written with: `earshot/sdk`. The files of this folder are written with the same;
 * docs/adding-an-sdk.md shows one from outside.
 */
export { nowMs } from '../../call/clock.ts';
export { followsRequests, openStage } from '../../call/open-stage.ts';
export { activeCall, withReportedStages } from '../../call/scope.ts';
export { guard } from '../../call/spans.ts';
export type { Stage, StageFacts, StageResult } from '../../call/stage.ts';
export { type RequestTap, tapApiPromise } from './api-promise.ts';
export { AudioClock } from './audio-clock.ts';
export { ConnectionCall } from './connection-call.ts';
export { Deadline } from './deadline.ts';
export type { Transcript } from './late-transcripts.ts';
export { LiveTranscription, type LiveTranscriptionInit } from './live-transcription.ts';
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
} from './patch.ts';
export { Playout, type PlayoutListener } from './playout.ts';
export type { Patch, SdkInstrumentation } from './sdk.ts';
export { type Answer, SdkRequest, type StartRequest, tracedRequest } from './sdk-request.ts';
export { SpeechSession, type SpeechSessionInit } from './speech-session.ts';
export { type SdkStream, type Tap, tapReadable, tapResponse, tapStream } from './streams.ts';
export { type ConnectionEnd, TranscriptionConnection } from './transcription-connection.ts';
export type { AudioPosition, Words } from './words.ts';
