// A program with a processor in it, for tests that end programs. Its settings are in the environment.
//   CALLS=n      a conversation of one turn each, named `${PREFIX}0`, `${PREFIX}1`, ...
//   THEN=exit    process.exit in the same moment
//   THEN=idle    does nothing more, and leaves ending to Node
//   THEN=shutdown  shuts the processor down on beforeExit
//   THEN=stay    stays, ending a turn every 20 ms, and prints its index
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { CallSpanProcessor } from '../../exporter/processor.ts';
import { conversation, endAll, endTurn } from './conversation.ts';

const { CALLS = '1', PREFIX = 'C', THEN = 'idle' } = process.env;
const processor = new CallSpanProcessor();
const tracer = new TracerProvider({ spanProcessors: [processor] }).getTracer('earshot');

for (let index = 0; index < Number(CALLS); index += 1) endAll(conversation(tracer, `${PREFIX}${index}`, 1));

switch (THEN) {
  case 'exit':
    process.exit(0);
    break;
  case 'shutdown':
    process.once('beforeExit', () => void processor.shutdown());
    break;
  case 'stay': {
    let index = 1;
    setInterval(() => {
      endTurn(tracer, `${PREFIX}0`, index);
      process.stdout.write(`${index}\n`);
      index += 1;
    }, 20);
  }
}
