import { board } from '../../board.ts';
import { UID } from '../../links.ts';
import { SOURCES } from '../../variables.ts';
import { details } from './details.ts';
import { flow } from './flow.ts';
import { glance } from './glance.ts';
import { receiver } from './receiver.ts';

/** Is data being lost. */
export const PIPELINE = board({
  uid: UID.pipeline,
  title: 'Voice agents / Pipeline',
  description: 'Whether every span becomes a row, and how fast.',
  variables: [SOURCES.prometheus, SOURCES.postgres],
  sections: [glance, flow, receiver, details],
});
