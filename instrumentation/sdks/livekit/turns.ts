import type { EouSource } from '../../../model/vocabulary.ts';
import type { Call } from '../../call/call.ts';
import type { StageFacts } from '../../call/stage.ts';
import { Replies } from '../../call/turns/replies.ts';
import type { ReportedStage } from './metrics.ts';
import { beforePlayback, recordStage } from './stages.ts';
import { Transcript } from './transcript.ts';

/** What a LiveKit session reports of speech, replies and playback, in the words of the call's tracker. */
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
    if (!this.#transcript?.begun) this.#transcript = new Transcript(startMs);
    this.#call.tracker.speechStarted(startMs);
  }

  userEnded(endMs: number, source: EouSource): void {
    this.#call.tracker.speechEnded(endMs, source);
  }

  /** A transcript came; a final one adds to what was said. Its own instant is the message's. */
  wordsHeard(text: string, final: boolean, atMs: number): void {
    const transcript = this.#transcript;
    if (!transcript || text === '') return;
    transcript.add(text, final, atMs);
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

  /** The caller hears the agent from `atMs` on. */
  playbackStarted(replyId: string | undefined, atMs: number): void {
    const { tracker } = this.#call;
    const reply = this.replies.speaking(replyId);
    if (tracker.turn?.playing) this.playbackFinished('heard', atMs);
    if (reply) this.replies.scheduled(reply.handle.id, true);
    this.#recordTranscript();
    tracker.playbackStarted(atMs);
    this.replies.heard(reply);
  }

  /** @param how `silenced`: by the program, or by the end of the session, and not by the user. */
  playbackFinished(how: 'heard' | 'interrupted' | 'silenced' | 'cut_off', atMs: number): void {
    const { tracker } = this.#call;
    // What was said over the agent, to its end: whether it is part of the next turn will be seen.
    if (this.#transcript?.text !== undefined) this.#recordTranscript();
    if (how === 'interrupted') tracker.playbackCleared(atMs);
    else if (how === 'silenced') tracker.playbackCutOff('program', atMs);
    else if (how === 'cut_off') tracker.playbackCutOff('hangup', atMs);
    else tracker.playbackEnded(atMs);
  }

  /** What LiveKit wrote into the history of the conversation. */
  said(role: 'user' | 'agent', text: string, replyId?: string): void {
    const { turn } = this.#call.tracker;
    if (role === 'agent') (this.replies.speaking(replyId)?.turn ?? turn)?.addAgentText(text);
    // What was transcribed is the turn's with its utterance.
    else if (turn && !turn.userText && !this.#transcript?.text) turn.addUserText(text);
  }

  /** Playback that no audio output reported: there is none, the agent writes. */
  written(replyId: string | undefined, startMs: number, endMs: number): void {
    if (this.replies.speaking(replyId)?.turn?.answered) return;
    this.playbackStarted(replyId, startMs);
    this.playbackFinished('heard', Math.max(startMs, endMs));
  }

  /** The session is over. */
  end(atMs: number): void {
    this.replies.allDone();
    if (this.#call.tracker.turn?.playing) this.playbackFinished('cut_off', atMs);
    this.#recordTranscript();
    this.#call.tracker.end(atMs);
  }

  #recordTranscript(): void {
    const said = this.#transcript;
    if (!said?.begun) return;
    this.#transcript = undefined;
    this.#call.tracker.utterance(said.utterance(this.#stt()));
  }
}
