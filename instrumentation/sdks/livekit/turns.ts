import type { EouSource } from '../../../model/facts.ts';
import type { Call } from '../../call/call.ts';
import { nowMs } from '../../call/clock.ts';
import type { StageFacts } from '../../call/stage.ts';
import { Replies } from '../../call/turns/replies.ts';
import type { ReportedStage } from './metrics.ts';
import { beforePlayback, recordStage } from './stages.ts';

/** What was understood of what the user says, since it was last recorded. */
interface Transcript {
  startMs: number;
  firstTextMs?: number;
  finalTextMs?: number;
  text?: string;
}

/** What a LiveKit session tells of speech, replies and playback, in the words of the call's tracker. */
export class LiveKitTurns {
  readonly replies: Replies;
  readonly #call: Call;
  readonly #stt: () => StageFacts;
  #transcript: Transcript | undefined;

  /** @param stt Who transcribes at present. */
  constructor(call: Call, stt: () => StageFacts) {
    this.#call = call;
    this.#stt = stt;
    this.replies = new Replies(call);
    call.tracker.follow(this.replies);
  }

  userStarted(startMs: number): void {
    if (this.#transcript?.firstTextMs === undefined) this.#transcript = { startMs };
    this.#call.tracker.speechStarted(startMs);
  }

  userEnded(endMs: number, source: EouSource): void {
    this.#call.tracker.speechEnded(endMs, source);
  }

  /** A transcript came; a final one adds to what was said. Its own instant is the message's. */
  wordsHeard(text: string, final: boolean, atMs: number): void {
    const transcript = this.#transcript;
    if (!transcript || text === '') return;
    transcript.firstTextMs ??= atMs;
    if (final) {
      transcript.finalTextMs = atMs;
      transcript.text = transcript.text === undefined ? text : `${transcript.text} ${text}`;
    }
    this.#call.tracker.wordsHeard(transcript.startMs);
  }

  /** The user's turn is over and `replyId` answers it. */
  committed(
    replyId: string,
    eou: { endMs: number | undefined; committedMs: number },
    source: EouSource,
  ): void {
    this.#recordTranscript();
    this.#transcript = undefined;
    const end = eou.endMs === undefined ? undefined : { at: eou.endMs, source };
    this.#call.tracker.accepted(eou.committedMs, end);
    this.replies.answersTurn(replyId);
  }

  /** A request is over. Without a reply its usage is the call's. */
  stage(replyId: string | undefined, stage: ReportedStage): void {
    this.replies.stage(replyId, {
      startUs: Math.round(stage.startMs * 1_000),
      write: (turn, reply) => {
        const heard = beforePlayback(stage, turn);
        const thrownAway = reply?.done === true && !reply.handle.scheduled;
        const cancelled = heard.cancelled || thrownAway;
        recordStage(turn ?? this.#call, { ...heard, cancelled }, reply?.agentName);
      },
    });
  }

  /** A request failed for good. When it was made is not told: not before its reply was. */
  failed(
    replyId: string | undefined,
    kind: ReportedStage['kind'],
    facts: StageFacts,
    atMs: number,
    error: unknown,
  ): void {
    const createdUs = this.replies.createdUs(replyId);
    const owner = kind === 'stt' ? this.#call : this.replies.ownerOf(replyId);
    const at = createdUs === undefined ? atMs : createdUs / 1_000;
    owner.startStage(kind, { ...facts, at }).fail(error, { at: atMs });
  }

  /** The caller hears the agent from `atMs` on. */
  playbackStarted(replyId: string | undefined, atMs: number): void {
    const { tracker } = this.#call;
    const reply = this.replies.speaking(replyId);
    if (tracker.turn?.playing) this.playbackFinished(false, atMs);
    if (reply) this.replies.scheduled(reply.handle.id, true);
    this.#recordTranscript();
    tracker.playbackStarted(atMs);
    this.replies.heard(reply);
  }

  playbackFinished(interrupted: boolean, atMs: number): void {
    const { tracker } = this.#call;
    // What was said over the agent, to its end: whether it is part of the next turn will be seen.
    if (this.#transcript?.finalTextMs !== undefined) this.#recordTranscript();
    if (interrupted) tracker.playbackCleared(atMs);
    else tracker.playbackEnded(atMs);
  }

  /** What LiveKit wrote into the history of the conversation. */
  said(role: 'user' | 'agent', text: string, replyId?: string): void {
    const { turn } = this.#call.tracker;
    if (role === 'agent') (this.replies.speaking(replyId)?.turn ?? turn)?.addAgentText(text);
    // What was transcribed is the turn's with its utterance.
    else if (turn && !turn.userText && !this.#transcript?.text) turn.addUserText(text);
  }

  /** Playback that no audio output told of: there is none, the agent writes. */
  written(replyId: string | undefined, startMs: number, endMs: number): void {
    if (this.replies.speaking(replyId)?.turn?.answered) return;
    this.playbackStarted(replyId, startMs);
    this.playbackFinished(false, Math.max(startMs, endMs));
  }

  /** The session is over. */
  end(atMs: number): void {
    this.replies.allDone();
    if (this.#call.tracker.turn?.playing) this.playbackFinished(true, atMs);
    this.#recordTranscript();
    this.#call.tracker.end(atMs);
  }

  #recordTranscript(): void {
    const said = this.#transcript;
    if (said?.firstTextMs === undefined) return;
    this.#transcript = undefined;
    this.#call.tracker.utterance({
      startAt: said.startMs,
      firstByteAt: said.firstTextMs,
      endAt: said.finalTextMs ?? nowMs(),
      facts: this.#stt(),
      result: said.text === undefined ? {} : { text: said.text },
      cancelled: said.finalTextMs === undefined,
    });
  }
}
