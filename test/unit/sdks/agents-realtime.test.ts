import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { before, describe, it } from 'node:test';
import { patchAgentsRealtime } from '../../../instrumentation/sdks/openai/agents-realtime.ts';
import { callsOf, stagesOf } from '../../support/facts.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';

/** A socket as the transports have it; the server goes with `code` when it is closed. */
class Socket extends EventTarget {
  code = 1006;
  send(_data: string): void {}
  close(): void {
    this.dispatchEvent(Object.assign(new Event('close'), { code: this.code }));
  }
}

class Transport extends EventEmitter {
  readonly connectionState = { websocket: new Socket() };
}

class RealtimeSession extends EventEmitter {
  readonly options = { model: 'gpt-realtime' };
  readonly transport = new Transport();
  async connect(): Promise<void> {
    this.transport.emit('connection_change', 'connected');
  }
}

before(() => {
  recordSpans();
  patchAgentsRealtime({ RealtimeSession });
});

describe('the connection of a session of agents', () => {
  const end = async (how: (socket: Socket) => void) => {
    takeFacts();
    const session = new RealtimeSession();
    await session.connect();
    how(session.transport.connectionState.websocket);
    return takeFacts();
  };

  it('is over without an error when the session closes it, though the server does not answer', async () => {
    const facts = await end((socket) => socket.close());
    assert.deepEqual(stagesOf(facts, 'llm'), []);
    assert.equal(callsOf(facts)[0]?.endReason, 'connection_closed');
  });

  it('is lost when it goes by itself', async () => {
    const facts = await end((socket) => {
      socket.dispatchEvent(Object.assign(new Event('close'), { code: 1006 }));
    });
    assert.equal(stagesOf(facts, 'llm')[0]?.errorType, 'connection_lost');
  });
});
