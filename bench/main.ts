import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BenchResult } from './result.ts';

/** Loaded only in the process that runs them: what one part imports must not weigh on another. */
const PARTS: Readonly<Record<string, () => Promise<BenchResult[]>>> = {
  'on-end': async () => (await import('./on-end.ts')).benchOnEnd(),
  journal: async () => (await import('./journal.ts')).benchJournal(),
  'journal-cost': async () => (await import('./journal-cost.ts')).benchJournalCost(),
  'start-up': async () => (await import('./start-up.ts')).benchStartUp(),
  'start-up-sdks': async () => (await import('./start-up-sdks.ts')).benchStartUpWithSdks(),
  'audio-frame': async () => (await import('./audio-frame.ts')).benchAudioFrame(),
  'live-frame': async () => (await import('./frames/live-frame.ts')).benchLiveFrame(),
  'open-calls': async () => (await import('./open-calls.ts')).benchOpenCalls(),
  'agent-loop': async () => (await import('./agent-loop.ts')).benchAgentLoop(),
  decode: async () => (await import('./decode.ts')).benchDecode(),
  'heap-per-byte': async () => (await import('./heap-per-byte.ts')).benchHeapPerByte(),
  report: async () => (await import('./report.ts')).benchReport(),
  rollups: async () => (await import('./rollups.ts')).benchRollups(),
  export: async () => (await import('./export.ts')).benchExport(),
  dashboards: async () => (await import('./dashboards.ts')).benchDashboards(),
  page: async () => (await import('./page/page.ts')).benchPage(),
  'serve-load': async () => (await import('./serve-load.ts')).benchServeLoad(),
  incidents: async () => (await import('./incidents.ts')).benchIncidents(),
  assault: async () => (await import('./assault/assault.ts')).benchAssault(),
};
/** Not run unless it is named. */
const LONG = new Set(['incidents', 'assault']);

const HEADER = ['benchmark', 'ours', 'baseline', 'ratio', 'unit'] as const;
const WIDTHS = [40, 10, 10, 7, 10] as const;

/** Each part in a process of its own, one after the other, so that none sees the other's heap, hooks or providers. */
async function main(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !(name in PARTS));
  if (unknown.length > 0) {
    process.stderr.write(
      `No such benchmark: ${unknown.join(', ')}. There are: ${Object.keys(PARTS).join(', ')}.\n`,
    );
    process.exitCode = 2;
    return;
  }
  const notes: string[] = [];
  print(HEADER);
  for (const name of names.length > 0 ? names : Object.keys(PARTS).filter((name) => !LONG.has(name))) {
    for (const result of await inOwnProcess(name)) {
      print(columns(result));
      notes.push(`  ${result.name}: ${result.note}`);
    }
  }
  process.stdout.write(`\nratio = ours / baseline. What was measured, and how:\n${notes.join('\n')}\n`);
}

async function inOwnProcess(name: string): Promise<BenchResult[]> {
  const child = fork(fileURLToPath(import.meta.url), [name]);
  let results: BenchResult[] = [];
  child.on('message', (message) => {
    results = message as BenchResult[];
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`The benchmark ${name} ended with ${code}.`);
  return results;
}

function columns({ name, ours, baseline, unit }: BenchResult): readonly string[] {
  const ratio = baseline === undefined ? '-' : (ours / baseline).toFixed(2);
  return [name, shown(ours), baseline === undefined ? '-' : shown(baseline), ratio, unit];
}

/** Three significant digits: the rest is noise. */
const shown = (value: number): string =>
  Number(value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 3, useGrouping: false });

function print(cells: readonly string[]): void {
  const line = cells.map((cell, index) => {
    const width = WIDTHS[index] ?? 0;
    return index === 0 || index === cells.length - 1 ? cell.padEnd(width) : cell.padStart(width);
  });
  process.stdout.write(`${line.join('  ').trimEnd()}\n`);
}

const [part] = process.argv.slice(2);
const run = part === undefined || process.send === undefined ? undefined : PARTS[part];
if (run === undefined) await main(process.argv.slice(2));
else {
  process.send?.(await run());
  process.disconnect();
}
