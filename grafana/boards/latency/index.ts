import { board } from '../../board.ts';
import { UID } from '../../links.ts';
import { JAEGER_URL, SCOPE, SOURCES, TARGET_VARIABLE } from '../../variables.ts';
import { exact } from './exact.ts';
import { glance } from './glance.ts';
import { liveSection } from './live.ts';
import { slowest } from './slowest.ts';

/** Why was it slow, and where. */
export const LATENCY = board({
  uid: UID.latency,
  title: 'Voice agents / Latency',
  description:
    'How long callers wait for an answer: EOU latency, from the end of their utterance to the first agent audio, and what it is made of.',
  variables: [SOURCES.prometheus, SOURCES.postgres, SOURCES.jaeger, ...SCOPE, TARGET_VARIABLE, JAEGER_URL],
  sections: [glance, liveSection, exact, slowest],
});
