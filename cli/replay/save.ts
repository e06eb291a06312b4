import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  CallFileError,
  RememberedPrices,
  withoutWords,
  writeCallFile,
} from '../../exporter/call-file/index.ts';
import { finalizeCall } from '../../exporter/finalize.ts';
import type { PriceList } from '../../exporter/pricing/index.ts';
import { errorCode } from '../../exporter/store/index.ts';
import type { Fact } from '../../model/facts.ts';
import { VERSION } from '../../model/version.ts';
import { CommandError, UsageError } from '../command.ts';

/**
 * Says what is in the way of a file before a call is made for it, and gives what writes the call there.
 * @throws UsageError when the file is there, or its folder takes none.
 */
export function startSaving(path: string): (facts: readonly Fact[], priceList: PriceList) => Promise<void> {
  if (path === '') throw new UsageError('--out is empty: say into which file, such as replayed.earshot.');
  if (existsSync(path)) throw new UsageError(`--out: ${path} is there already.`);
  const problem = folderProblem(dirname(path));
  if (problem !== undefined) throw new UsageError(`--out: ${path} cannot be written (${problem}).`);
  return async (facts, priceList) => {
    if (facts.length === 0)
      throw new CommandError('--out: the agent reported nothing about the call: there is nothing to write.');
    const prices = new RememberedPrices(priceList);
    const { metrics, logs, scores = [] } = finalizeCall(facts, prices);
    const nowUs = Date.now() * 1_000;
    try {
      await writeCallFile(path, {
        writtenBy: VERSION,
        savedAtUs: nowUs,
        content: false,
        priceList: prices.name,
        prices: prices.used,
        metrics: { ...metrics, finalized_at: nowUs, finalized_by: 'earshot replay' },
        turns: logs.map((turn) => ({ ...turn, user_text: null, agent_text: null })),
        scores,
        facts: facts.map(withoutWords),
      });
    } catch (error) {
      if (error instanceof CallFileError) throw new CommandError(`--out: ${error.message}.`);
      throw error;
    }
  };
}

/** Why no file can be made in a folder; undefined where one can. */
function folderProblem(folder: string): string | undefined {
  try {
    if (!statSync(folder).isDirectory()) return 'ENOTDIR';
    accessSync(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return errorCode(error) ?? String(error);
  }
}
