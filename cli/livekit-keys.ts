import type { LiveKitKeys } from '../exporter/receiver/index.ts';
import { errorCode } from '../exporter/store/index.ts';
import { SETTINGS, type Settings } from '../model/settings.ts';
import { UsageError } from './command.ts';

/** Who may upload from LiveKit Agents: the pair of the environment, and those of a file. None: no one. */
export async function livekitKeysOf(settings: Settings): Promise<LiveKitKeys> {
  const { livekitApiKey: key, livekitApiSecret: secret, livekitKeysFile: file } = settings;
  const { LiveKitKeys, readKeys } = await import('../exporter/receiver/index.ts');
  const own = key !== undefined && secret !== undefined ? [{ key, secret }] : [];
  try {
    return new LiveKitKeys([...own, ...(file === undefined ? [] : await readKeys(file))]);
  } catch (error) {
    if (errorCode(error) !== 'EARSHOT_KEYS_FILE') throw error;
    throw new UsageError(`${SETTINGS.livekitKeysFile.key}: ${(error as Error).message}.`);
  }
}
