import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from './free-ports.ts';
import { ServiceProcess } from './service-process.ts';
import { PROGRAMS } from './stack.ts';

const execute = promisify(execFile);

/** A Kafka of one process, which is its own controller; its topics are made when they are first named. */
export interface Kafka {
  readonly process: ServiceProcess;
  /** Where clients reach it: host and port. */
  readonly broker: string;
  stop(): Promise<void>;
}

/** A small heap, and no time spent on optimizing what runs for a minute. */
const JVM = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const PARTITIONS = 6;
/** The classes of a broker take a busy machine a minute to load. */
const START_DEADLINE_MS = 300_000;

/** @throws Error with its output when it does not start. */
export async function startKafka(): Promise<Kafka> {
  const { kafka: jars, java } = PROGRAMS;
  if (!jars || !java) throw new Error('npm run test:stack starts this.');
  const folder = await mkdtemp(join(tmpdir(), 'earshot-kafka-'));
  const [port, controller] = await freePorts(2);
  const file = join(folder, 'server.properties');
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': join(folder, 'data'),
    'num.partitions': String(PARTITIONS),
    'offsets.topic.num.partitions': '1',
    'offsets.topic.replication.factor': '1',
    'group.initial.rebalance.delay.ms': '0',
  };
  await writeFile(
    file,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  const args = (main: string) => [...JVM, '-cp', join(jars, '*'), main];
  await execute(java, [
    ...args('kafka.tools.StorageTool'),
    'format',
    '--cluster-id',
    'ZWFyc2hvdC1zdGFjay10ZQ',
    '--config',
    file,
  ]);
  const process = await ServiceProcess.start({
    name: 'Kafka',
    command: java,
    args: [...args('kafka.Kafka'), file],
    cwd: folder,
    readyUrl: `tcp://127.0.0.1:${port}`,
    startDeadlineMs: START_DEADLINE_MS,
  });
  return {
    process,
    broker: `127.0.0.1:${port}`,
    stop: async () => {
      await process.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
