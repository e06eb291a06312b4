import { ATTR, SPAN } from '../../../model/semconv.ts';
import { childOf, newTrace, spanMaker } from './otlp-spans.ts';

/** The spans of a call in the order in which they end: of each turn a synthesis of 100 characters, and of the call one. */
export function spansOfCall(callId: string, turns: number): object[] {
  const startMs = Date.now() - turns * 1_000;
  const call = newTrace();
  const span = spanMaker(callId, startMs);
  const spoken = Array.from({ length: turns }, (_, index) => {
    const turn = newTrace();
    const atMs = index * 900;
    return [
      {
        ...childOf(turn),
        ...span(SPAN.tts, atMs + 100, atMs + 500, {
          [ATTR.stage]: 'tts',
          [ATTR.providerName]: 'cartesia',
          [ATTR.requestModel]: 'sonic-2',
          [ATTR.usageCharacters]: 100,
        }),
      },
      {
        ...turn,
        ...span(SPAN.turn, atMs, atMs + 800, { [ATTR.turnIndex]: index, [ATTR.turnInitiator]: 'user' }),
        links: [call],
      },
    ];
  });
  return [...spoken.flat(), { ...call, ...span(SPAN.call, 0, turns * 900, {}) }];
}
