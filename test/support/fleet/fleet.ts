import { type ServeProcess, startServe } from '../otlp-server.ts';

/** Of a worker's log, where it ends by itself. */
const LAST_LINES = 20;

type CleanUp = () => void | Promise<void>;

/** Some `earshot serve` processes on one database. A process that is killed is replaced at once, at another port. */
export class Fleet {
  readonly #env: Readonly<Record<string, string>>;
  /** Undefined: being replaced. */
  readonly #workers: (ServeProcess | undefined)[] = [];
  readonly #cleanUps: CleanUp[] = [];
  #replacing: Promise<unknown> = Promise.resolve();
  /** Why a worker is gone that was not told to end. */
  #lost: Error | undefined;
  #turn = 0;

  private constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
  }

  static async start(size: number, env: Readonly<Record<string, string>>): Promise<Fleet> {
    const fleet = new Fleet(env);
    try {
      await Promise.all(Array.from({ length: size }, (_, index) => fleet.#place(index)));
      return fleet;
    } catch (error) {
      await fleet.stop();
      throw error;
    }
  }

  /**
   * The workers that live, of the first `size`.
   * @throws when one has ended by itself, which none may; the message has its last words.
   */
  workers(size = this.#workers.length): ServeProcess[] {
    if (this.#lost !== undefined) throw this.#lost;
    return this.#workers.slice(0, size).flatMap((worker) => worker ?? []);
  }

  /** Each of the first `size` in turn, alive or not: a balancer without health checks. */
  next(size: number): string | undefined {
    this.#turn += 1;
    return this.#workers[this.#turn % size]?.url;
  }

  /** Ends a worker with SIGKILL and starts another in its place, which takes a moment. False: it is being replaced. */
  kill(index: number): boolean {
    const worker = this.#workers[index];
    if (worker === undefined) return false;
    this.#workers[index] = undefined;
    worker.kill('SIGKILL');
    const replaced = this.#place(index);
    this.#replacing = Promise.all([this.#replacing, replaced]);
    // A caller that waits for `complete` is told; until then it has no owner.
    this.#replacing.catch(() => {});
    return true;
  }

  /** Resolves when no worker is missing. */
  async complete(): Promise<void> {
    await this.#replacing;
  }

  async stop(): Promise<void> {
    await this.#replacing.catch(() => {});
    this.#workers.length = 0;
    await Promise.all(this.#cleanUps.map((cleanUp) => cleanUp()));
  }

  async #place(index: number): Promise<void> {
    const after = (cleanUp: CleanUp) => void this.#cleanUps.push(cleanUp);
    const worker = await startServe({ after } as Parameters<typeof startServe>[0], this.#env);
    this.#workers[index] = worker;
    void worker.ended.then(({ code, signal, stderr }) => {
      if (this.#workers[index] !== worker) return;
      const log = worker.lines().slice(-LAST_LINES);
      this.#lost = new Error(
        `worker ${index} ended by itself (${signal ?? code}): ${stderr}${log.map((line) => `\n${JSON.stringify(line)}`).join('')}`,
      );
    });
  }
}
