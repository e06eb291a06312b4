// The built tests of SDKs that are followed by what they say on the wire, with the lowest version of each range in place of
// the one in the lock file.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { copyOf } from './matrix-api.mjs';

/** Under which names the tests have them, and which tests these are. */
const TESTED = {
  '@anthropic-ai/sdk': { as: ['anthropic-sdk-39'], tests: 'sdks/more-models' },
  '@deepgram/sdk': { as: ['deepgram-sdk-3'], tests: 'sdks/raw-deepgram-3-and-4' },
  '@gladiaio/sdk': { as: ['@gladiaio/sdk'], tests: 'sdks/raw-services' },
  '@google/generative-ai': { as: ['@google/generative-ai'], tests: 'sdks/more-models' },
  '@mistralai/mistralai': { as: ['@mistralai/mistralai'], tests: 'sdks/more-models' },
  '@openrouter/sdk': { as: ['@openrouter/sdk'], tests: 'sdks/more-models' },
  ai: { as: ['ai-5'], tests: 'sdks/more-models' },
  'microsoft-cognitiveservices-speech-sdk': {
    as: ['microsoft-cognitiveservices-speech-sdk'],
    tests: 'sdks/azure-speech',
  },
};

/** Runs them. True when they pass. @param only Packages. (Default: all.) */
export async function testOnTheWire(root, only) {
  const { SDKS } = await import(pathToFileURL(join(root, 'dist/instrumentation/sdks/index.js')).href);
  const wanted = SDKS.flatMap(({ packageName, wireVersions: [range] = [] }) => {
    const tested = TESTED[packageName];
    if (range === undefined || tested === undefined || (only.length > 0 && !only.includes(packageName)))
      return [];
    return [{ packageName, version: /^>=(\S+)/.exec(range)[1], ...tested }];
  });
  const copy = copyOf(root);
  try {
    const prefix = join(copy, 'lowest');
    mkdirSync(prefix);
    const names = wanted.flatMap(({ packageName, version, as }) =>
      as.map((name) => `${name}@npm:${packageName}@${version}`),
    );
    console.log(`\n== ${names.join(' ')}`);
    const options = [
      '--ignore-scripts',
      '--no-save',
      '--no-audit',
      '--no-fund',
      '--install-strategy=nested',
      '--legacy-peer-deps',
    ];
    execFileSync('npm', ['install', '--prefix', prefix, ...options, ...names], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    for (const name of wanted.flatMap(({ as }) => as)) {
      const place = join(copy, 'node_modules', name);
      rmSync(place, { recursive: true });
      mkdirSync(dirname(place), { recursive: true });
      renameSync(join(prefix, 'node_modules', name), place);
    }
    const tests = [...new Set(wanted.map((each) => each.tests))];
    return (
      spawnSync(process.execPath, ['scripts/test.mjs', ...tests], { cwd: copy, stdio: 'inherit' }).status ===
      0
    );
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
