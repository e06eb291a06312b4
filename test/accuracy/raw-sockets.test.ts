import { test } from 'node:test';
import { assertAccurate } from '../support/accuracy.ts';
import { holdConversations } from '../support/raw-conversations.ts';

const MOST_ERROR_MS = 20;

test(`each instant of a conversation over raw sockets is within ${MOST_ERROR_MS} ms of what passed on the wire, in every protocol`, (t) =>
  assertAccurate(t, { mostErrorMs: MOST_ERROR_MS, mostExcused: 0.1 }, () => holdConversations(t)));
