// One call: what the caller says goes to the model, what the model says goes to the caller, who may interrupt.
import { sentences, think } from './thinking.js';
import { listen, speak } from './voice.js';

const GREETING = "Hello, this is Luigi's. How can I help?";

export class Conversation {
  #telephone;
  #connection;
  #messages = [];
  #answer; // AbortController of the answer in progress
  #audible = false;

  constructor(telephone) {
    this.#telephone = telephone;
    this.#start().catch((error) => console.error(error.message));
  }

  async #start() {
    this.#connection = await listen({
      onWords: () => this.#interrupt(),
      onUtterance: (text) => this.#reply(text),
    });
    await this.#say([GREETING], this.#begin());
  }

  hear(audioBase64) {
    this.#connection?.send({ audioBase64 });
  }

  played() {
    this.#audible = false;
  }

  end() {
    this.#answer?.abort();
    this.#connection?.close();
  }

  #begin() {
    this.#answer = new AbortController();
    return this.#answer.signal;
  }

  #interrupt() {
    this.#answer?.abort();
    this.#answer = undefined;
    if (this.#audible) this.#telephone.clear();
    this.#audible = false;
  }

  async #reply(text) {
    this.#interrupt();
    this.#messages.push({ role: 'user', content: text });
    const signal = this.#begin();
    await this.#say(sentences(think(this.#messages, signal)), signal);
  }

  async #say(pieces, signal) {
    try {
      for await (const sentence of pieces) {
        for await (const audio of await speak(sentence, signal)) {
          if (signal.aborted) return;
          this.#audible = true;
          this.#telephone.play(audio);
        }
      }
      if (!signal.aborted) this.#telephone.mark();
    } catch (error) {
      // An interruption ends the requests on purpose; anything else is worth a line.
      if (!signal.aborted) console.error(error.message);
    }
  }
}
