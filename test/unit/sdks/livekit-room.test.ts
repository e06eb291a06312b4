import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setParameterTags } from '../../../instrumentation/call/call-tags.ts';
import { callerOf, callIdOf, roomIdOf } from '../../../instrumentation/sdks/livekit/room.ts';

const room = (...participants: object[]) => ({ remoteParticipants: new Map(Object.entries(participants)) });

test('a caller from SIP is on the phone, called in if a rule let it in', () => {
  const sip = { kind: 3, attributes: { 'sip.ruleID': 'SDR_1' } };
  assert.deepEqual(callerOf(room({ kind: 4 }, sip))?.facts, { channel: 'phone', direction: 'inbound' });
  assert.deepEqual(callerOf(room({ info: { kind: 3 }, attributes: {} }))?.facts, {
    channel: 'phone',
    direction: 'outbound',
  });
});

test('of a call over SIP its ids are known, and its numbers only where the settings name them', (t) => {
  const attributes = {
    ...{ 'sip.callID': 'SCL_1', 'sip.trunkID': 'ST_1', 'sip.ruleID': 'SDR_1' },
    ...{ 'sip.phoneNumber': '+4930123456', 'sip.trunkPhoneNumber': '+4930654321' },
  };
  const phone = room({ kind: 3, attributes });
  assert.deepEqual(callerOf(phone)?.sip, { sipCallId: 'SCL_1', sipTrunkId: 'ST_1' });
  assert.doesNotMatch(JSON.stringify(callerOf(phone)), /4930/);
  t.after(() => setParameterTags([]));
  setParameterTags(['sip.phoneNumber']);
  assert.deepEqual(callerOf(phone)?.facts.tags, { 'sip.phoneNumber': '+4930123456' });
  assert.deepEqual(callerOf(room({ kind: 3, attributes: { 'sip.callID': 7 } }))?.sip, {});
});

test('the room has the id that the job says, else its own once it is connected', () => {
  assert.equal(roomIdOf({ job: { room: { sid: 'RM_1' } } }, { info: { sid: 'RM_2' } }), 'RM_1');
  assert.equal(roomIdOf(undefined, { name: 'front-desk', info: { sid: 'RM_2' } }), 'RM_2');
  assert.equal(roomIdOf({}, undefined), undefined);
});

test('any other person is on the web, and without one nothing is known', () => {
  assert.deepEqual(callerOf(room({ info: { kind: 0 } }))?.facts, { channel: 'web', direction: 'web' });
  for (const nobody of [room(), room({ kind: 4 }), undefined, {}]) assert.equal(callerOf(nobody), undefined);
});

test('a call is named after its room, whose name may be used again', () => {
  const job = { job: { id: 'AJ_1', room: { sid: 'RM_1', name: 'front-desk' } } };
  assert.equal(callIdOf(job, undefined), 'RM_1');
  assert.equal(callIdOf(undefined, { name: 'front-desk', info: { sid: 'RM_2' } }), 'RM_2');
  assert.equal(callIdOf({ job: { id: 'AJ_1', room: { sid: '', name: '' } } }, undefined), 'AJ_1');
  assert.equal(callIdOf(undefined, undefined), undefined);
});

test('a call is named after its job where LiveKit uploads what it observes under that name', () => {
  const job = { job: { id: 'AJ_1', room: { sid: 'RM_1', name: 'front-desk' } } };
  assert.equal(callIdOf(job, undefined, true), 'AJ_1');
  assert.equal(callIdOf(undefined, { info: { sid: 'RM_2' } }, true), 'RM_2');
});

test('attributes of a participant become tags when they are named in the settings', (t) => {
  const caller = room({
    kind: 0,
    attributes: { plan: 'gold', customer_id: 'cus_8812', email: 'a@b.example' },
  });
  assert.deepEqual(callerOf(caller)?.facts, { channel: 'web', direction: 'web' });
  t.after(() => setParameterTags([]));
  setParameterTags(['plan', 'customer_id']);
  assert.deepEqual(callerOf(caller)?.facts, {
    ...{ channel: 'web', direction: 'web' },
    ...{ customerId: 'cus_8812', tags: { plan: 'gold' } },
  });
});
