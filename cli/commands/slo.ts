import { type Command, type ExitCode, type Invocation, UsageError } from '../command.ts';
import { readSlo } from '../slo/file.ts';
import { rulesText } from '../slo/rules.ts';

export const slo: Command = {
  name: 'slo',
  help: `Usage: earshot slo FILE

Writes rules for Prometheus to its standard output: what of each promise went wrong in windows from 5 minutes to 3 days, and
alerts where its error budget is spent too fast (multi-window burn rates). FILE is the one that earshot check --slo FILE holds
calls against, one limit a line:

  silence-p95: 800ms        # 95 % of the turns are answered within 800 ms
  interruption-rate: 10%
  success-rate: 70%
  cost-per-minute: 0.08
  unpriced: 0
  window: 30d               # what the error budget is for (default 30d)

  earshot slo earshot.slo.yaml > rules/earshot-slo.yml

The limit of a silence must be a bound of the histogram that Prometheus has, or the rules could not be exact; if it is none,
the error names the nearest ones. Prometheus knows the calls of all agents together.`,
  options: {},
  maxArguments: 1,
  run,
};

async function run({ arguments: [file], io }: Invocation): Promise<ExitCode> {
  if (file === undefined) throw new UsageError('expected a file such as earshot.slo.yaml.');
  io.out(rulesText(readSlo(file), file).trimEnd());
  return 0;
}
