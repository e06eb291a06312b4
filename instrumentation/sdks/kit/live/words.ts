/** Something that happened in the audio. */
export interface AudioPosition {
  /** Where, in seconds of the audio sent on this connection. Absent: unknown. */
  seconds?: number | undefined;
  /** When we heard of it, which is what counts where the position is unknown. Milliseconds since 1970. */
  atMs: number;
}

/** Where words end. */
export interface WordsEnd {
  /** Where the last of them ends, in seconds of audio: that is the end of the speech. */
  endSeconds?: number | undefined;
  /**
   * Where the audio ends in which the last of them was understood: the speech ended about there, because a word is
   * understood a little before or after it is over. Counts where the end of the word itself is not known.
   */
  heardBySeconds?: number | undefined;
  /** Arrival, in milliseconds since 1970. */
  atMs: number;
}

/** Words that were understood. */
export interface Words extends WordsEnd {
  /** What was said since the last final words. */
  text: string;
  /** They will not change any more. */
  final: boolean;
  /** Where the first of them begins, in seconds of audio. */
  startSeconds?: number | undefined;
  /** Seconds of each silence between final words, as `pausesBetween` gives it. Absent: not known. */
  pauses?: readonly number[] | undefined;
}

/** A shorter silence is none: that of a stop consonant. */
const SHORTEST_SECONDS = 0.1;

/** The silences between words that follow one another, in seconds; shorter ones than 0.1 s are none. */
export const pausesBetween = (words: readonly { readonly start: number; readonly end: number }[]): number[] =>
  words.flatMap(({ end }, index) => {
    const seconds = Math.round(((words[index + 1]?.start ?? end) - end) * 1e6) / 1e6;
    return seconds >= SHORTEST_SECONDS ? seconds : [];
  });
