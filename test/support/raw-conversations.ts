import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { FRAME_BYTES } from '../../demo/audio.ts';
import { readFact } from '../../exporter/dialects/index.ts';
import { decodeJson } from '../../exporter/receiver/decode/decode-json.ts';
import type { Fact } from '../../model/facts.ts';
import type { Measured } from './accuracy.ts';
import { read } from './decoded.ts';
import { Story } from './facts.ts';
import type { Measurement } from './ground-truth.ts';
import { OtlpReceiver } from './otlp-receiver.ts';
import { REGISTER, run } from './program.ts';
import { QUIET_SECONDS, RAW_PROTOCOLS, type RawProtocol, SPOKEN } from './raw-protocols.ts';
import { type Passed, type SocketRelay, startSocketRelay } from './socket-relay.ts';
import { readStalls, STALL_PROBE, watchStalls } from './stalls.ts';

/** Where the first voiced sample of a recogniser is, which has to be loud enough. */
const MOST_SPEECH_START_MS = 40;

/** A program speaks every protocol at once, over sockets of its own; what passes is held against what it was said to be. */
export async function holdConversations(t: TestContext): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-raw-'));
  const [plan, stallsFile] = [join(folder, 'plan.json'), join(folder, 'stalls.json')];
  const stalls = watchStalls();
  const collector = await OtlpReceiver.start();
  const held = await Promise.all(
    RAW_PROTOCOLS.map(async (protocol, i) => {
      const service = await protocol.start();
      const relay = await startSocketRelay(service.url.replace('http', 'ws'));
      const path = typeof protocol.path === 'string' ? protocol.path : await protocol.path(service.url);
      return { protocol, service, relay, id: `raw-${i}`, url: `${relay.wsUrl}${path}` };
    }),
  );
  try {
    await writeFile(
      plan,
      JSON.stringify(
        held.map(({ protocol: { headers, steps, template, frameBytes = FRAME_BYTES }, id, url }) => ({
          id,
          url,
          headers,
          steps,
          template,
          frameBytes,
        })),
      ),
    );
    const end = await run('raw-conversations.mjs', {
      args: [plan],
      nodeArgs: ['--import', REGISTER, ...STALL_PROBE],
      env: {
        STALLS_FILE: stallsFile,
        EARSHOT_PROVIDER_HOSTS: held
          .map(({ protocol, relay }) => `127.0.0.1:${relay.port}=${protocol.provider}`)
          .join(),
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        OTEL_METRICS_EXPORTER: 'none',
      },
    });
    assert.equal(end.code, 0, end.stderr);
    const began = new Map(
      end.stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' '))
        .reverse()
        .map(([id = '', micros]) => [id, Number(micros)]),
    );
    const facts = factsOf(collector);
    const measurements = held.flatMap(({ protocol, relay, id }) =>
      measure(protocol, relay, new Story(facts.filter((fact) => fact.callId === id)), began.get(id)),
    );
    t.diagnostic(`${measurements.length} instants of ${held.length} conversations`);
    return { measurements, stalls: [...stalls, ...(await readStalls(stallsFile))] };
  } finally {
    await Promise.all(held.map(({ relay, service }) => relay.close().then(() => service.close())));
    await collector.close();
    await rm(folder, { recursive: true });
  }
}

const factsOf = (collector: OtlpReceiver): Fact[] =>
  collector.requests
    .filter(({ path }) => path === '/v1/traces')
    .flatMap(({ body }) => read(decodeJson, body).spans)
    .flatMap((span) => readFact(span, { captureContent: false }) ?? []);

/** Of what a conversation came to, each instant beside the one at which it passed. */
function measure(
  protocol: RawProtocol,
  relay: SocketRelay,
  story: Story,
  beganMicros: number | undefined,
): Measurement[] {
  const measurements: Measurement[] = [];
  const instant = (column: string, us?: number, trueMicros?: number, mostErrorMs?: number): void => {
    assert.ok(
      us !== undefined && trueMicros !== undefined,
      `${protocol.name}: ${column} is ${us}, ${trueMicros}`,
    );
    measurements.push({
      column,
      where: protocol.name,
      measuredSeconds: us / 1e6,
      truth: { fromMicros: 0, toMicros: trueMicros },
      instants: [trueMicros],
      ...(mostErrorMs && { mostErrorMs }),
    });
  };
  const seen = (from: Passed['from'], sees: RawProtocol['words']): number[] =>
    relay.passed.filter((each) => each.from === from && sees?.(parsed(each))).map(({ atMicros }) => atMicros);
  const { says, audio, spoken, words, final, timed } = protocol;
  const audioAt = audio
    ? seen('server', audio)
    : relay.passed
        .filter(({ from, data }) => from === 'server' && typeof data !== 'string')
        .map(({ atMicros }) => atMicros);
  if (says) {
    const [tts] = story.stages('tts');
    instant('text sent', tts?.startUs, seen('client', says)[0]);
    instant('first audio', tts?.firstByteUs, audioAt[0]);
    instant('spoken', tts?.endUs, spoken ? seen('server', spoken)[0] : undefined);
  }
  const [turn] = story.turns;
  if (timed && beganMicros !== undefined) {
    const spokenAt = (seconds: number): number => beganMicros + (QUIET_SECONDS + seconds) * 1e6;
    instant('speech start', turn?.speechStartedUs, spokenAt(SPOKEN.speechStartSeconds), MOST_SPEECH_START_MS);
    instant('speech end', turn?.speechEndedUs, spokenAt(SPOKEN.words.at(-1)?.end ?? 0));
  }
  if (words && final) {
    const [stt] = story.stages('stt', 0);
    instant('first words', stt?.firstByteUs, seen('server', words)[0]);
    instant('final words', stt?.endUs, seen('server', final)[0]);
  } else if (audio && !says) instant('first audio', story.stages('playback')[0]?.startUs, audioAt[0]);
  return measurements;
}

function parsed({ data }: Passed): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(String(data)) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
