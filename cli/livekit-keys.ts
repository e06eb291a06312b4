import type { LiveKitKeys } from '../exporter/receiver/index.ts';
import { errorCode } from '../exporter/store/index.ts';
import { SETTINGS, type Settings } from '../model/settings.ts';
import { UsageError } from './command.ts';

/**
 * Who may upload from LiveKit Agents: the pair of the environment, and those of a file. None: no one.
 * @throws UsageError for half a pair, and a file that cannot be used.
 */
export async function livekitKeysOf(settings: Settings): Promise<LiveKitKeys> {
  const { livekitApiKey: key, livekitApiSecret: secret, livekitKeysFile: file, livekitLeeway } = settings;
  const { LiveKitKeys, readKeys } = await import('../exporter/receiver/index.ts');
  if ((key === undefined) !== (secret === undefined)) {
    const [seen, missing] =
      key === undefined
        ? [SETTINGS.livekitApiSecret.key, SETTINGS.livekitApiKey.key]
        : [SETTINGS.livekitApiKey.key, SETTINGS.livekitApiSecret.key];
    throw new UsageError(
      `${missing} is not set, and ${seen} is: LiveKit Agents could not upload. Set both, as agents have them, or neither.`,
    );
  }
  const own = key !== undefined && secret !== undefined ? [{ key, secret }] : [];
  try {
    const others = file === undefined ? [] : await readKeys(file);
    return new LiveKitKeys([...own, ...others], livekitLeeway / 1_000);
  } catch (error) {
    if (errorCode(error) !== 'EARSHOT_KEYS_FILE') throw error;
    throw new UsageError(`${SETTINGS.livekitKeysFile.key}: ${(error as Error).message}.`);
  }
}
