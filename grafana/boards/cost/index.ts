import { board } from '../../board.ts';
import { UID } from '../../links.ts';
import { JAEGER_URL, SCOPE, SOURCES } from '../../variables.ts';
import { calls } from './calls.ts';
import { glance } from './glance.ts';
import { overtime } from './overtime.ts';
import { where } from './where.ts';

/** What do calls cost, and why. */
export const COST = board({
  uid: UID.cost,
  title: 'Voice agents / Cost',
  description: 'What calls cost: by component, model, agent and campaign, and what has no price.',
  variables: [SOURCES.prometheus, SOURCES.postgres, ...SCOPE, JAEGER_URL],
  sections: [glance, overtime, where, calls],
});
