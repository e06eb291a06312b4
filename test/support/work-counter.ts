import { type Profiler, Session } from 'node:inspector';
import { setFlagsFromString } from 'node:v8';

// Optimized code is not counted.
for (const flag of ['--no-opt', '--no-maglev', '--no-lazy-feedback-allocation']) setFlagsFromString(flag);

/**
 * How much work each of `runs` does in files whose path contains `folder`: the blocks of code that it enters, counted by
 * the engine itself. Unlike a clock it gives the same number on any machine, however busy. The first is run twice, so
 * that all code it shares with the others is there. The process that imports this file is slow. Not for concurrent use.
 */
export function countWork(folder: string, ...runs: readonly [() => void, ...(() => void)[]]): number[] {
  counting ??= startCounting();
  const session = counting;
  // Code that runs for the first time is not counted from its start.
  runs[0]();
  post(session, 'Profiler.takePreciseCoverage');
  return runs.map((run) => {
    run();
    const counted = post(session, 'Profiler.takePreciseCoverage');
    return blocksIn(folder, counted as Profiler.TakePreciseCoverageReturnType);
  });
}

/** From the first count on all that the process runs is counted. */
let counting: Session | undefined;

function startCounting(): Session {
  const started = new Session();
  started.connect();
  post(started, 'Profiler.enable');
  post(started, 'Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  return started;
}

const blocksIn = (folder: string, { result }: Profiler.TakePreciseCoverageReturnType): number =>
  result
    .filter(({ url }) => url.includes(folder))
    .flatMap(({ functions }) => functions)
    .flatMap(({ ranges }) => ranges)
    .reduce((sum, { count }) => sum + count, 0);

/** In this thread a session answers before it returns. */
function post(session: Session, method: string, parameters: object = {}): unknown {
  let answer: unknown;
  session.post(method, parameters, (error, result) => {
    if (error !== null) throw error;
    answer = result;
  });
  return answer;
}
