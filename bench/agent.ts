import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';

/** Calls that go on at once. */
export interface LiveCalls {
  readonly calls: number;
  /** In each call, before the next one begins. */
  readonly exchanges: number;
  /** After each exchange; the first ones begin spread over it. (Default: 0.) */
  readonly pauseMs?: number;
  /** The same timers, and earshot is told nothing. (Default: false.) */
  readonly untold?: boolean;
}

/** What an agent is told. */
export type AgentOrder =
  /** So many calls at once, each followed by the next. */
  | ({ readonly kind: 'live' } & LiveCalls)
  /** Ends its calls. Answer: all that there were. */
  | { readonly kind: 'hang-up' }
  /** Writes what it has. */
  | { readonly kind: 'flush' }
  /** Writes a call of so many turns, and ends it: from then on is measured. */
  | { readonly kind: 'large'; readonly callId: string; readonly turns: number }
  /** From now on is measured. */
  | { readonly kind: 'watch' }
  /** Answer: the delays since then. */
  | { readonly kind: 'measured' };

/** A call that an agent has had, and how many turns its row must have. */
export interface EndedCall {
  readonly callId: string;
  readonly turns: number;
}

/** How late the event loop was, in milliseconds. A timer of 1 ms on a quiet machine is not later than 2. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** How late the event loop was; and how much its thread worked between two rounds, however busy the machine. */
export interface LoopReport {
  readonly delay: LoopDelay;
  readonly work: LoopDelay;
}

/** A voice agent in a process of its own, whose event loop is watched. */
export class Agent {
  readonly #child: ChildProcess;

  /** `env`: where its rows go, and how. */
  constructor(env: Readonly<Record<string, string>>) {
    this.#child = fork(new URL('agent-process.js', import.meta.url), {
      env: { PATH: process.env.PATH, ...env },
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  /**
   * Lets its loop run before everything else here (sched(7), SCHED_FIFO), as on a machine of its own: what it then waits for
   * is its own work, and not the processors that it shares with all others. Its other threads stay as they are.
   *
   * @returns whether that is allowed, and util-linux is there.
   */
  comesFirst(): boolean {
    try {
      execFileSync('chrt', ['--fifo', '--pid', '1', String(this.#child.pid)], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  }

  async tell<Answer = undefined>(order: AgentOrder): Promise<Answer> {
    this.#child.send(order);
    const [{ answer }] = (await once(this.#child, 'message')) as [{ answer: Answer }];
    return answer;
  }

  /** Resolves when it has written what it had, and is gone. */
  async stop(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.disconnect();
    await gone;
  }
}
