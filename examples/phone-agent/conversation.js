// One call: what the caller says goes to the model, what the model says goes to the caller, and the caller may
// interrupt at any time.
import { Listening } from './listening.js';
import { sentences, speak } from './speech.js';
import { SYSTEM_PROMPT, think } from './thinking.js';

const GREETING = "Hello, this is Luigi's. How can I help?";
const VOICEMAIL = /leave (me |us )?(a|your) message|after the (tone|beep)|voice ?mail/i;
const APOLOGY = 'Sorry, something went wrong here. Could you say that again?';
const MESSAGE = 'Hello, this is Luigi about your table. Please call us back. Goodbye.';

export class Conversation {
  #telephone;
  #call;
  #listening = new Listening();
  #messages = [{ role: 'system', content: SYSTEM_PROMPT }];
  #answer; // AbortController of the answer in progress
  #answers = 0;
  #requests = 0;

  constructor(telephone, call) {
    this.#telephone = telephone;
    this.#call = call;
  }

  async start() {
    const telephone = this.#telephone;
    telephone.on('audio', (audio) => this.#listening.hear(audio));
    telephone.once('end', () => {
      this.#answer?.abort();
      this.#listening.close();
    });
    this.#listening.on('speech', () => this.#interrupt());
    this.#listening.on('utterance', (text) => this.#onUtterance(text));
    await this.#listening.open(this.#call.callSid);
    if (this.#call.direction === 'inbound') await this.#say([GREETING]);
  }

  #interrupt() {
    if (!this.#answer && !this.#telephone.playing) return;
    this.#answer?.abort();
    this.#answer = undefined;
    if (this.#telephone.playing) this.#telephone.clear();
  }

  async #onUtterance(text) {
    this.#interrupt();
    if (this.#call.direction === 'outbound' && VOICEMAIL.test(text)) {
      this.#telephone.once('played', () => this.#telephone.hangUp());
      return this.#say([MESSAGE]);
    }
    this.#messages.push({ role: 'user', content: text });
    const signal = this.#begin();
    await this.#say(think(this.#messages, { signal, callSid: this.#call.callSid }), signal);
  }

  #begin() {
    this.#answer = new AbortController();
    return this.#answer.signal;
  }

  // Speaks text that comes in pieces, sentence by sentence, while more of it comes.
  async #say(pieces, signal = this.#begin()) {
    const spoken = [];
    let speaking = Promise.resolve();
    try {
      for await (const sentence of sentences(pieces)) {
        speaking = speaking.then(() => this.#sayOne(sentence, signal, spoken));
      }
    } catch (error) {
      this.#complain(error, signal);
      speaking = speaking.then(() => this.#sayOne(APOLOGY, signal, []));
    }
    await speaking;
    if (!signal.aborted) this.#telephone.mark(`answer-${this.#answers++}`);
    if (this.#answer?.signal === signal) this.#answer = undefined;
    if (spoken.length > 0) this.#messages.push({ role: 'assistant', content: spoken.join(' ') });
  }

  async #sayOne(sentence, signal, spoken) {
    if (signal.aborted) return;
    const requestId = `${this.#call.callSid}-${this.#requests++}`;
    try {
      let begun = false;
      for await (const audio of speak(sentence, { signal, requestId })) {
        if (signal.aborted) return;
        if (!begun) spoken.push(sentence);
        begun = true;
        this.#telephone.play(audio);
      }
    } catch (error) {
      this.#complain(error, signal);
    }
  }

  // An interruption ends the requests on purpose; anything else is worth a line, and the caller may ask again.
  #complain(error, signal) {
    if (!signal.aborted) console.error(`${this.#call.callSid}: ${error.message}`);
  }
}
