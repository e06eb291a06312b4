import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { Call } from '../../../instrumentation/call/call.ts';
import { nowMs } from '../../../instrumentation/call/clock.ts';
import { activeScope, CallScope, withScope } from '../../../instrumentation/call/scope.ts';
import { ConnectionCall } from '../../../instrumentation/sdks/kit/live/connection-call.ts';
import { callsOf } from '../../support/facts.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';

before(recordSpans);

describe('the call of a connection', () => {
  it('is its own when it stands alone', () => {
    const connection = new ConnectionCall(ROOT_CONTEXT);
    connection.connected();
    const call = connection.current;
    assert.ok(call);
    assert.equal(connection.context, call.context);
    connection.closed(nowMs(), { final: true });
    assert.equal(call.ended, true);
  });

  it('is none when the connection never stood', () => {
    const connection = new ConnectionCall(ROOT_CONTEXT);
    connection.closed(nowMs(), { final: true });
    assert.equal(connection.current, undefined);
  });

  it('is that of the code which opened it, and outlives it', () => {
    const call = new Call();
    const connection = new ConnectionCall(call.context);
    connection.connected();
    assert.equal(connection.open(), call);
    connection.closed(nowMs(), { final: true });
    assert.equal(call.ended, false);
    call.end();
  });

  it('waits for the transport to say which it is', () => {
    const scope = new CallScope();
    const connection = new ConnectionCall(withScope(ROOT_CONTEXT, scope));
    connection.connected();
    assert.equal(scope.call, undefined);
    const call = new Call({ id: 'CA1' }, scope);
    assert.equal(connection.open(), call);
    assert.equal(connection.context, call.context);
    connection.closed(nowMs(), { final: true });
    assert.equal(call.ended, false);
    call.end();
  });

  it('is opened when the transport never says, and shared with what is around it', () => {
    const scope = new CallScope();
    const connection = new ConnectionCall(withScope(ROOT_CONTEXT, scope));
    connection.connected();
    const call = connection.open();
    assert.equal(scope.call, call);
    connection.closed(nowMs(), { final: true });
    assert.equal(call.ended, true);
  });

  it('is a new one when the one around it is over', () => {
    const scope = new CallScope();
    const before = new Call({}, scope);
    before.end();
    const connection = new ConnectionCall(before.context);
    connection.connected();
    assert.notEqual(connection.current, before);
    assert.notEqual(activeScope(connection.context), scope);
    connection.closed(nowMs(), { final: true });
  });

  it('is a new one each time that a connection stands which was closed for good', () => {
    const connection = new ConnectionCall(ROOT_CONTEXT);
    connection.connected();
    const first = connection.current;
    connection.closed(nowMs(), { final: true });
    connection.connected();
    assert.notEqual(connection.current, first);
    connection.closed(nowMs(), { final: true });
    assert.equal(connection.current?.ended, true);
  });

  it('outlives a connection that breaks and comes back', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    takeFacts();
    const connection = new ConnectionCall(ROOT_CONTEXT);
    connection.connected();
    const call = connection.current;
    connection.closed(nowMs(), { final: false });
    t.mock.timers.tick(29_000);
    connection.connected();
    t.mock.timers.tick(60_000);
    assert.equal(call?.ended, false);
    connection.closed(nowMs(), { final: false });
    t.mock.timers.tick(30_000);
    assert.equal(call.ended, true);
    const fact = callsOf(takeFacts())[0];
    assert.equal(fact?.endReason, 'connection_lost');
  });

  it('ends when the connection was lost, not when we gave up waiting', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    takeFacts();
    const connection = new ConnectionCall(ROOT_CONTEXT);
    connection.connected();
    const lostMs = nowMs() + 5;
    connection.closed(lostMs, { final: false });
    t.mock.timers.tick(30_000);
    const fact = callsOf(takeFacts())[0];
    assert.equal(fact?.endUs, Math.round(lostMs * 1_000));
  });
});
