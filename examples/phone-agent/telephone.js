// One call's Twilio Media Stream. Audio is mu-law at 8 kHz in both directions.
import { EventEmitter } from 'node:events';

export class Telephone extends EventEmitter {
  #socket;
  #streamSid;
  #unplayedMarks = new Set();
  #audioSinceMark = false;

  constructor(socket) {
    super();
    this.#socket = socket;
    socket.on('message', (data) => {
      try {
        this.#onMessage(JSON.parse(data));
      } catch (error) {
        // This is not Twilio.
        console.error(`A stream was ended: ${error.message}`);
        socket.close(1007);
      }
    });
    socket.on('close', () => this.emit('end'));
    socket.on('error', () => socket.terminate());
  }

  #onMessage(message) {
    switch (message.event) {
      case 'start': {
        const { streamSid, callSid, customParameters } = message.start;
        this.#streamSid = streamSid;
        this.emit('start', { callSid, direction: customParameters?.direction ?? 'inbound' });
        break;
      }
      case 'media':
        this.emit('audio', Buffer.from(message.media.payload, 'base64'));
        break;
      case 'mark':
        this.#unplayedMarks.delete(message.mark.name);
        this.emit('played', message.mark.name);
        break;
      case 'stop':
        this.#socket.close();
        break;
    }
  }

  #send(message) {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(JSON.stringify({ ...message, streamSid: this.#streamSid }));
  }

  // Whether the caller still has something of ours to hear.
  get playing() {
    return this.#audioSinceMark || this.#unplayedMarks.size > 0;
  }

  play(audio) {
    this.#audioSinceMark = true;
    this.#send({ event: 'media', media: { payload: Buffer.from(audio).toString('base64') } });
  }

  // Comes back as a `played` event when everything before it has been heard.
  mark(name) {
    this.#audioSinceMark = false;
    this.#unplayedMarks.add(name);
    this.#send({ event: 'mark', mark: { name } });
  }

  // Throws away what has not been heard yet.
  clear() {
    this.#audioSinceMark = false;
    this.#unplayedMarks.clear();
    this.#send({ event: 'clear' });
  }

  hangUp() {
    this.#socket.close();
  }
}
