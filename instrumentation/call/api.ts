/**
 * What an application holds of a call, its turns and their stages. The classes behind these types are internal.
 *
 * No method throws, whatever it is given: a value that cannot be used is one line on stderr and left out. A method that
 * gives a handle always gives one; where nothing can be recorded, the handle has `ended` and does nothing.
 */
import type { Context } from '@opentelemetry/api';
import type { Usage } from '../../model/facts.ts';
import type { TagValue } from '../../model/tags.ts';
import type {
  Direction,
  EouSource,
  Initiator,
  InterruptionKind,
  Outcome,
  PlaybackSource,
  StageKind,
} from '../../model/vocabulary.ts';
import type { Instant } from './clock.ts';

/** When something happened. */
export interface At {
  /** (Default: now.) */
  at?: Instant | undefined;
}

/** What is known of a call besides its id. */
export interface CallFacts {
  direction?: Direction | undefined;
  /** `phone`, `web`, `app`. */
  channel?: string | undefined;
  /** What carries the audio: `twilio`, `livekit`. Telephony and room minutes are priced by it. */
  transport?: string | undefined;
  campaignId?: string | undefined;
  agentName?: string | undefined;
  /** Whom the call is for, in your own ids: no name and no telephone number. */
  customerId?: string | undefined;
  /** What calls are sorted by: `{ plan: 'gold' }`. As `Call.tag`. */
  tags?: Readonly<Record<string, TagValue>> | undefined;
}

/** What may be attached to a call. */
export interface Attachment {
  /** Where its recording is: `http`, `https` or `s3`, without a password, a key or a signature in it. */
  recordingUrl?: string | undefined;
}

/** What is known of a call when it starts. */
export interface CallStart extends CallFacts, At {
  /** (Default: a random UUID.) */
  id?: string | undefined;
}

/** What telephony said of a call, from which an outcome may be concluded. */
export interface TelephonyState {
  sipStatusCode?: number | undefined;
  /** Answering machine detection, as the telephony provider words it. */
  amdResult?: string | undefined;
}

/** What is known of a call when it ends. */
export interface CallEnd extends TelephonyState, At {
  /** How it stopped, in the words of the transport or framework: `hangup`, `participant_disconnected`. */
  reason?: string | undefined;
  /** The application's own verdict; beats everything that could be concluded. */
  outcome?: Outcome | undefined;
  /** Why the call failed, when it did. Only the class is recorded. */
  error?: unknown;
}

/** What is known of a turn when it starts. */
export interface TurnStart extends At {
  /** Who speaks first. (Default: `user`.) */
  initiator?: Initiator | undefined;
}

/** What is known of a turn when it ends. */
export interface TurnEnd extends At {
  /** Why the turn failed, when it did. Only the class is recorded. */
  error?: unknown;
}

/** When the user began or stopped speaking. */
export interface SpeechMark extends At {
  /** How it is known; a better source beats a later mark. (Default: `vad`.) */
  source?: EouSource | undefined;
}

/** The user and the agent spoke over each other. */
export interface InterruptionMark extends At {
  kind: InterruptionKind;
  /** Seconds from there until the agent was silent. */
  timeToSilenceSeconds?: number | undefined;
}

/** What is known of a stage when it starts. */
export interface StageFacts {
  /** Who runs the model, lower case: `deepgram`, `groq`, `cartesia`. */
  provider?: string | undefined;
  /** Model as requested. */
  model?: string | undefined;
  /** llm: the answer is streamed. stt: a live stream and not a recording; it is priced differently. (Default: absent; stt: true.) */
  streaming?: boolean | undefined;
  toolName?: string | undefined;
  toolCallId?: string | undefined;
  /** llm: the prompt as JSON. Written only when content capture is on. */
  inputMessages?: (() => string | undefined) | undefined;
}

/** What is known of a playback when it starts. */
export interface PlaybackStart extends At {
  /** `estimated`: from the audio that came, where no transport shows what is heard. (Default: `observed`.) */
  source?: PlaybackSource | undefined;
}

/** What is known of a stage when it ends. Absent means unknown, never zero. */
export interface StageResult extends At {
  usage?: Usage | undefined;
  responseModel?: string | undefined;
  responseId?: string | undefined;
  /** llm: the tier that it was served in, in the provider's word: `default`, `priority`, `flex`, `batch`. */
  serviceTier?: string | undefined;
  finishReasons?: readonly string[] | undefined;
  /** stt: the transcript; llm: the answer; tts: what was sent to be spoken. Scored in this process, written only when content capture is on. */
  text?: string | undefined;
}

/**
 * One conversation, from connect to hang-up: one span, and a trace for each of its turns. What comes after `end` is
 * recorded where it can be and changes no turn.
 */
export interface Call {
  /** `voice.call.id`. */
  readonly id: string;
  /** The context in which the call's work runs; see `run`. */
  readonly context: Context;
  readonly ended: boolean;
  /** The turn that is going on. */
  readonly turn: Turn | undefined;
  /**
   * Runs `fn` inside the call: requests made in it, and in what it starts, find the call. Gives what `fn` gives, and
   * throws what `fn` throws.
   */
  run<T>(fn: () => T): T;
  /** Opens the next turn and ends the one before it. The application marks and ends it. */
  startTurn(start?: TurnStart): Turn;
  /** Adds what became known after the start. */
  describe(facts: CallFacts): void;
  /**
   * Adds a tag: a column of the row that calls can be sorted by. A call has 32 at most; names are letters, digits, `_`, `.` and
   * `-`, values have 256 characters at most. Goes out with traces as `voice.tag.NAME`: nothing personal belongs in it.
   * After the end of the call, too.
   */
  tag(name: string, value: TagValue): void;
  /**
   * Says what someone or something thinks of the call: a number on any scale, or a word. A call has 64 at most; names are as
   * those of tags. Goes out with traces as `voice.score.NAME`. After the end of the call, too.
   */
  score(name: string, value: number | string): void;
  /** Adds what belongs to the call and is kept elsewhere. After the end of the call, too: a recording is ready late. */
  attach(attachment: Attachment): void;
  /** The application's own verdict on the call. */
  setOutcome(outcome: Outcome): void;
  /** What telephony said of the call, from which an outcome may be concluded. */
  setTelephonyState(state: TelephonyState): void;
  /** Ends the call, its open turn and its open stages. The first end counts. */
  end(end?: CallEnd): void;
}

/**
 * One exchange: the user speaks (or the agent opens) and the agent answers. It is one trace.
 *
 * Marks may come late, twice or never: until the agent is heard the last word counts, and after `end` nothing does.
 */
export interface Turn {
  /** Counts from 0 in the call. */
  readonly index: number;
  readonly initiator: Initiator;
  /** The context in which the turn's work runs. */
  readonly context: Context;
  readonly ended: boolean;
  /** The agent was heard, or is. */
  readonly answered: boolean;
  /** The agent is being heard. */
  readonly playing: boolean;
  /** The user began to speak. The first start counts; one that follows an end means that the user went on. */
  userSpeechStarted(mark?: SpeechMark): void;
  /** The user stopped speaking: the instant of the silence, not of the message that reported it. */
  userSpeechEnded(mark?: SpeechMark): void;
  /** The user's words were accepted as finished. Until the agent is heard, the last time counts. (Default: now.) */
  committed(at?: Instant): void;
  /** Adds to what the user said. Scored in this process; written only when content capture is on. */
  addUserText(text: string): void;
  /** Adds to what the agent answered. */
  addAgentText(text: string): void;
  startStt(facts?: StageFacts & At): Stage;
  startLlm(facts?: StageFacts & At): Stage;
  startTool(facts?: StageFacts & At): Stage;
  startTts(facts?: StageFacts & At): Stage;
  /** The agent is heard from now on. While it plays, the same playback is given back. */
  startPlayback(start?: PlaybackStart): Stage;
  /** Opens a stage of any kind. On a turn that has ended it is recorded all the same: late is better than lost. */
  startStage(kind: StageKind, facts?: StageFacts & At): Stage;
  /** The user and the agent spoke over each other. A barge-in marks the turn as interrupted. */
  interruption(mark: InterruptionMark): void;
  /** Ends the turn. Stages still open go on and end by themselves, or with the call. The first end counts. */
  end(end?: TurnEnd): void;
}

/**
 * One stage of a turn: transcription, a model request, a tool, synthesis, playback. It is one span.
 *
 * The first of `end`, `cancel` and `fail` wins and the others do nothing, so that every way out of a stream can say
 * what it knows.
 */
export interface Stage {
  readonly kind: StageKind;
  /** The context in which the stage's own work runs, so that HTTP spans become its children. */
  readonly context: Context;
  readonly ended: boolean;
  /** The first result arrived. Counts once. (Default: now.) */
  firstByte(at?: Instant): void;
  /** The stage did what it was asked to. */
  end(result?: StageResult): void;
  /** It was ended early on purpose: a barge-in, an abort, a `break`. Not an error. */
  cancel(result?: StageResult): void;
  /** It failed. Only the class of the error is recorded. An abort is a cancellation. */
  fail(error: unknown, result?: StageResult): void;
  /** Adds what only a particular kind of stage knows. */
  setAttribute(name: string, value: string | number | boolean): void;
}
