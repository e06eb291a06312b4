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
}
