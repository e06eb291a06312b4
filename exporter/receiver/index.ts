/** What `earshot serve` is made of; loaded by it alone. */

export { startMetricsEndpoint } from '../metrics/open-metrics.ts';
export { PipelineMetrics } from '../metrics/pipeline-metrics.ts';
export { keepReplaying, replayAll } from '../spool/replayer.ts';
export { spoolFolders } from '../spool/spool-folder.ts';
export { Backend } from './backend.ts';
export { LiveKitKeys } from './livekit/keys.ts';
export { readKeys } from './livekit/keys-file.ts';
export { createLog, type Log } from './log.ts';
export { Receiver, type ReceiverOptions } from './receiver.ts';
export { type WatchedTokens, watchTokens } from './watched-tokens.ts';
