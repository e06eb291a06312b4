/** What `earshot serve` is made of; loaded by it alone. */
export { PipelineMetrics } from '../metrics/pipeline-metrics.ts';
export { Backend } from './backend.ts';
export { createLog, type Log } from './log.ts';
export { startMetricsEndpoint } from './open-metrics.ts';
export { Receiver, type ReceiverOptions } from './receiver.ts';
