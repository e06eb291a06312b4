import type { RawData, WebSocket } from 'ws';
import { type Heard, Listener } from '../../../demo/simulators/listening.ts';
import { createRandom, type Random } from '../../../demo/simulators/random.ts';
import { Sequence } from '../../../demo/simulators/sequence.ts';
import { type Loopback, listenOnLoopback, readJson, sendJson } from '../../../demo/simulators/server.ts';

/** What a session was asked for. */
interface Session {
  readonly encoding: string;
  readonly sampleRate: number;
  /** Kinds of messages that are wanted: `receive_acknowledgments` and so on. */
  readonly wanted: Readonly<Record<string, unknown>>;
  /** Bytes that came so far, on whichever connection. */
  bytes: number;
}

/** What the service sends unless it is told otherwise. */
const USUAL = {
  receive_partial_transcripts: false,
  receive_speech_events: true,
  receive_acknowledgments: true,
  receive_lifecycle_events: false,
};
const BYTES: Readonly<Record<string, number>> = { 'wav/ulaw': 1, 'wav/alaw': 1, 'wav/pcm': 2 };

/** Starts a server that speaks Gladia's live transcription: a session is asked for, and then connected to. */
export async function startGladiaSimulator(): Promise<Loopback> {
  const sessions = new Map<string, Session>();
  const server: Loopback = await listenOnLoopback({
    onRequest: async (request, response) => {
      if (!request.url?.startsWith('/v2/live')) return sendJson(response, 404, {});
      const asked = (await readJson(request)) ?? {};
      const id = `session-${sessions.size + 1}`;
      sessions.set(id, {
        encoding: String(asked.encoding ?? 'wav/pcm'),
        sampleRate: Number(asked.sample_rate ?? 16_000),
        wanted: { ...USUAL, ...(asked.messages_config as object) },
        bytes: 0,
      });
      sendJson(response, 201, {
        id,
        created_at: new Date().toISOString(),
        url: `${server.wsUrl}/v2/live?token=${id}`,
      });
    },
    onUpgrade: ({ url, accept, refuse }) => {
      const session = sessions.get(url.searchParams.get('token') ?? '');
      if (url.pathname !== '/v2/live' || !session) return refuse(401);
      accept((ws) => serve(ws, session, createRandom(1, `gladia:${sessions.size}`)));
    },
  });
  return server;
}

function serve(ws: WebSocket, session: Session, random: Random): void {
  const sequence = new Sequence(random, [20, 70]);
  const bytesPerSecond = session.sampleRate * (BYTES[session.encoding] ?? 2);
  const before = session.bytes / bytesPerSecond;
  const send = (wanted: string | undefined, type: string, data: object, more: object = {}): void => {
    if (wanted !== undefined && session.wanted[wanted] !== true) return;
    sequence.later(
      () =>
        void (
          ws.readyState === ws.OPEN && ws.send(JSON.stringify({ type, session_id: 'one', data, ...more }))
        ),
    );
  };
  const hear = (heard: Heard): void => {
    if (heard.kind === 'speech_started')
      send('receive_speech_events', 'speech_start', { time: before + heard.atSeconds, channel: 0 });
    if (heard.kind !== 'results' || heard.words.length === 0) return;
    const words = heard.words.map(({ word, start, end }) => ({
      word: ` ${word}`,
      start: before + start,
      end: before + end,
      confidence: 1,
    }));
    const end = words.at(-1)?.end ?? 0;
    if (heard.speechFinal) send('receive_speech_events', 'speech_end', { time: end, channel: 0 });
    send(heard.isFinal ? undefined : 'receive_partial_transcripts', 'transcript', {
      id: '00_00000000',
      is_final: heard.isFinal,
      utterance: {
        start: words[0]?.start,
        end,
        text: words.map(({ word }) => word).join(''),
        words,
        language: 'en',
        channel: 0,
      },
    });
  };
  const listener = new Listener(
    {
      encoding: session.encoding === 'wav/ulaw' ? 'mulaw' : 'linear16',
      sampleRate: session.sampleRate,
      interimResults: true,
      endpointingMs: 300,
      utteranceEndMs: undefined,
      random,
    },
    hear,
  );
  const take = (audio: Buffer): void => {
    const from = session.bytes;
    session.bytes += audio.length;
    const byte_range = [from, session.bytes];
    const time_range = byte_range.map((bytes) => Math.round((bytes / bytesPerSecond) * 1_000) / 1_000);
    const acknowledged = { acknowledged: true, error: null };
    send('receive_acknowledgments', 'audio_chunk', { byte_range, time_range }, acknowledged);
    listener.push(audio);
  };
  ws.on('message', (data: RawData, isBinary: boolean) => {
    if (isBinary) return take(data as Buffer);
    const message = JSON.parse(String(data)) as { type: string; data?: { chunk: string } };
    if (message.type === 'audio_chunk') take(Buffer.from(message.data?.chunk ?? '', 'base64'));
    if (message.type !== 'stop_recording') return;
    listener.finalize(false);
    const seconds = session.bytes / bytesPerSecond;
    send('receive_lifecycle_events', 'end_recording', { recording_duration: seconds });
    send('receive_post_processing_events', 'post_final_transcript', { metadata: { billing_time: seconds } });
    sequence.later(() => ws.close(1000));
  });
  ws.on('error', () => {});
  ws.on('close', () => sequence.stop());
}
