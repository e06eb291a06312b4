import { board } from '../../board.ts';
import { UID } from '../../links.ts';
import { JAEGER_URL, SCOPE, SOURCES } from '../../variables.ts';
import { glance } from './glance.ts';
import { interruptions } from './interruptions.ts';
import { outcomes } from './outcomes.ts';
import { sentiment } from './sentiment.ts';
import { speech } from './speech.ts';

/** Did the calls go well. */
export const QUALITY = board({
  uid: UID.quality,
  title: 'Voice agents / Quality',
  description:
    'How calls go: outcomes, interruptions, speech and silence, the patience and the mood of callers.',
  variables: [SOURCES.prometheus, SOURCES.postgres, ...SCOPE, JAEGER_URL],
  sections: [glance, outcomes, interruptions, speech, sentiment],
});
