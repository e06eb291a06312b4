/**
 * What a file that instruments an SDK is written with: `earshot/sdk`. The files of this folder are written with the same;
 * docs/adding-an-sdk.md shows one from outside.
 */
export { nowMs } from '../../call/clock.ts';
export { followsRequests, openStage } from '../../call/open-stage.ts';
export { activeCall, withReportedStages } from '../../call/scope.ts';
export { guard } from '../../call/spans.ts';
export type { Stage, StageFacts, StageResult } from '../../call/stage.ts';
export { AudioClock } from './live/audio-clock.ts';
export { ConnectionCall } from './live/connection-call.ts';
export type { Transcript } from './live/late-transcripts.ts';
export { LiveTranscription, type LiveTranscriptionInit } from './live/live-transcription.ts';
export { Playout, type PlayoutListener } from './live/playout.ts';
export { SpeechSession, type SpeechSessionInit } from './live/speech-session.ts';
export { type ConnectionEnd, TranscriptionConnection } from './live/transcription-connection.ts';
export type { AudioPosition, Words } from './live/words.ts';
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
export { type RequestTap, tapApiPromise } from './requests/api-promise.ts';
export { Deadline } from './requests/deadline.ts';
export { type Answer, SdkRequest, type StartRequest, tracedRequest } from './requests/sdk-request.ts';
export { type SdkStream, type Tap, tapReadable, tapResponse, tapStream } from './requests/streams.ts';
export type { Patch, SdkInstrumentation } from './sdk.ts';
