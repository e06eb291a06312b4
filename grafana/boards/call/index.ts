import { board } from '../../board.ts';
import { CALL_IN_JAEGER, UID } from '../../links.ts';
import { CALL_ID, JAEGER_URL, SERVICE_NAME, SOURCES, TENANT, TRACE_ID } from '../../variables.ts';
import { glance } from './glance.ts';
import { others } from './others.ts';
import { said } from './said.ts';
import { turns } from './turns.ts';

/** Everything about one call. */
export const CALL = board({
  uid: UID.call,
  title: 'Voice agents / Call',
  description:
    'One call: its turns with their segments, what was said where that is captured, its cost lines and traces.',
  variables: [SOURCES.postgres, SOURCES.jaeger, CALL_ID, TENANT, TRACE_ID, SERVICE_NAME, JAEGER_URL],
  links: [CALL_IN_JAEGER],
  sections: [glance, turns, said, others],
});
