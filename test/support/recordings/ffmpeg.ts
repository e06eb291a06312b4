import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The ffmpeg that LiveKit Agents bring and record with. Undefined: there is none for this machine. */
function ffmpegPath(): string | undefined {
  const agents = createRequire(createRequire(import.meta.url).resolve('@livekit/agents'));
  try {
    const manifest = agents.resolve(`@livekit/av-${process.platform}-${process.arch}/package.json`);
    const path = join(dirname(manifest), 'ffmpeg');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

const FFMPEG = ffmpegPath();
export const withoutFfmpeg: string | false =
  FFMPEG === undefined && 'no ffmpeg of @livekit/av for this machine';

const RATE = 48_000;
const run = (args: string, input: Buffer): Buffer =>
  execFileSync(FFMPEG ?? '', ['-v', 'error', ...args.split(' ')], { input, maxBuffer: 1 << 28 });

/** A recording in Ogg Opus, on one side of which a tone sounds from an instant on. Seconds. */
export function toneInOgg(seconds: number, side: 0 | 1, from: number): Buffer {
  const sound = Buffer.alloc(seconds * RATE * 4);
  for (let sample = from * RATE; sample < seconds * RATE; sample++)
    sound.writeInt16LE(Math.round(12_000 * Math.sin(sample / 17)), sample * 4 + side * 2);
  return run(`-f s16le -ar ${RATE} -ac 2 -i pipe:0 -c:a libopus -f ogg pipe:1`, sound);
}
