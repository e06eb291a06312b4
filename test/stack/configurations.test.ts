import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { COLLECTOR_FILES, CONTENT_MODES, composeText } from '../support/deployment.ts';
import { packageRoot } from '../support/root.ts';
import { PROGRAMS } from '../support/stack/stack.ts';

const execute = promisify(execFile);

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'earshot-stack-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const run = (command: string | undefined, args: readonly string[], env: Record<string, string> = {}) => {
  assert.ok(command, 'npm run test:stack starts this.');
  return execute(command, [...args], { cwd: folder, env: { PATH: process.env.PATH, HOME: folder, ...env } });
};

const validate = (file: string, mode?: string, content = true) =>
  run(
    PROGRAMS.collector,
    [
      'validate',
      `--config=${join(packageRoot, 'collector-config', `${file}.yaml`)}`,
      ...(content ? [`--config=${join(packageRoot, 'collector-config/content.yaml')}`] : []),
    ],
    { EARSHOT_COLLECTOR_QUEUE: join(folder, 'queue'), ...(mode !== undefined && { EARSHOT_CONTENT: mode }) },
  );

for (const file of COLLECTOR_FILES) {
  describe(`${file}.yaml, by the real collector`, () => {
    for (const mode of [undefined, ...CONTENT_MODES]) {
      it(`is valid in mode ${mode ?? 'that is not said'}`, async () => {
        const { stderr } = await validate(file, mode);
        assert.equal(stderr, '', 'no deprecated names');
      });
    }

    it('does not start in a mode that does not exist, or without content.yaml', async () => {
      await assert.rejects(validate(file, 'metdata'), /transform\/metdata" which is not configured/);
      await assert.rejects(validate(file, undefined, false), /transform\/metadata" which is not configured/);
    });
  });
}

it('jaeger/config.yaml is valid, by the real Jaeger', async () => {
  await run(PROGRAMS.jaeger, ['validate', `--config=${join(packageRoot, 'jaeger/config.yaml')}`], {
    EARSHOT_JAEGER_UI: join(packageRoot, 'jaeger/ui.json'),
  });
});

it('prometheus.yml and its rules are valid, by the real promtool', async () => {
  const promtool = join(dirname(PROGRAMS.prometheus ?? ''), 'promtool');
  await run(promtool, ['check', 'config', join(packageRoot, 'prometheus/prometheus.yml')]);
});

it('docker-compose.yml is a project, by the loader that Compose uses', async () => {
  const file = join(folder, 'docker-compose.yml');
  await writeFile(file, composeText());
  const { stdout } = await run(PROGRAMS.compose, ['-no-interpolation', '-format=json', file]);
  const project = JSON.parse(stdout) as { services: Record<string, unknown> };
  // What belongs to a profile is started on request only.
  for (const name of [
    'postgres',
    'earshot',
    'collector',
    'jaeger',
    'prometheus',
    'grafana',
    'grafana-role',
  ]) {
    assert.ok(project.services[name], name);
  }
});
