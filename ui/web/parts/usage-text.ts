import type { BillLine } from '../../shared/api.ts';
import { showCount, showDuration } from '../../shared/format.ts';

/** What was used, in the units of the bill. */
export function usageText(usage: BillLine['usage']): string {
  const { inputTokens, cachedInputTokens, outputTokens, characters, audioSeconds, callSeconds, estimated } =
    usage;
  const parts = [
    inputTokens === undefined && outputTokens === undefined
      ? ''
      : `${showCount(inputTokens)} → ${showCount(outputTokens)} tokens`,
    cachedInputTokens ? `${showCount(cachedInputTokens)} cached` : '',
    characters === undefined ? '' : `${showCount(characters)} characters`,
    audioSeconds === undefined ? '' : `${audioSeconds.toFixed(1)} s audio`,
    callSeconds === undefined ? '' : `${showDuration(callSeconds)} min`,
  ];
  return `${parts.filter(Boolean).join(', ')}${estimated ? ' (estimated)' : ''}`;
}
