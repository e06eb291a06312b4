// One call: what the caller says goes to the model, what the model says goes to the caller, who may interrupt.
import { answer, GREETING } from './answering.js';
import { listen } from './listening.js';
import { sentences, speak } from './speaking.js';

export class Conversation {
  #socket;
  #call; // what Twilio says of it: callSid, streamSid
  #listening;
  #messages = [];
  #answering; // AbortController of the answer in progress
  #unplayed = new Set(); // marks behind audio that the caller has not heard yet
  #count = 0;

  constructor(socket) {
    this.#socket = socket;
    socket.on('message', (data) => this.#onMessage(JSON.parse(data)));
    socket.on('close', () => this.#end());
    socket.on('error', () => socket.terminate());
  }

  #onMessage({ event, start, media, mark }) {
    if (event === 'start') this.#start(start).catch((error) => this.#fail(error));
    else if (event === 'media') this.#listening?.hear(Buffer.from(media.payload, 'base64'));
    else if (event === 'mark') this.#unplayed.delete(mark.name);
    else if (event === 'stop') this.#socket.close();
  }

  async #start(call) {
    this.#call = call;
    this.#listening = await listen(call.callSid, {
      onSpeech: () => this.#interrupt(),
      onUtterance: (text) => this.#reply(text),
    });
    await this.#say([GREETING]);
  }

  async #reply(text) {
    this.#interrupt();
    this.#messages.push({ role: 'user', content: text });
    const signal = this.#begin();
    await this.#say(answer(this.#messages, { signal, user: this.#call.callSid }), signal);
  }

  #begin() {
    this.#answering = new AbortController();
    return this.#answering.signal;
  }

  #interrupt() {
    this.#answering?.abort();
    this.#answering = undefined;
    if (this.#unplayed.size > 0) this.#send({ event: 'clear' });
    this.#unplayed.clear();
  }

  // Speaks text that comes in pieces, sentence by sentence, while more of it comes.
  async #say(pieces, signal = this.#begin()) {
    const name = `answer-${this.#count++}`;
    const spoken = [];
    let speaking = Promise.resolve();
    for await (const sentence of sentences(pieces)) {
      speaking = speaking.then(() => this.#sayOne(sentence, signal, name, spoken));
    }
    await speaking;
    if (!signal.aborted) this.#send({ event: 'mark', mark: { name } });
    if (spoken.length > 0) this.#messages.push({ role: 'assistant', content: spoken.join(' ') });
  }

  async #sayOne(sentence, signal, name, spoken) {
    const requestId = `${this.#call.callSid}-${this.#count++}`;
    try {
      for await (const audio of speak(sentence, { signal, requestId })) {
        if (signal.aborted) return;
        if (spoken.at(-1) !== sentence) spoken.push(sentence);
        this.#unplayed.add(name);
        this.#send({ event: 'media', media: { payload: Buffer.from(audio).toString('base64') } });
      }
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  #send(message) {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(JSON.stringify({ ...message, streamSid: this.#call.streamSid }));
  }

  #fail(error) {
    console.error(`${this.#call.callSid}: ${error.message}`);
    this.#socket.close();
  }

  #end() {
    this.#answering?.abort();
    this.#listening?.close();
  }
}
