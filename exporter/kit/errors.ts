/** What an error of the library is about, to be matched on. Messages may change, codes do not. */
export type ErrorCode =
  /** No database is configured. */
  | 'EARSHOT_NO_DATABASE'
  /** Used after `shutdown`. */
  | 'EARSHOT_SHUT_DOWN'
  /** A call could not be finalized and is as it was; `cause` says why. It can be tried again. */
  | 'EARSHOT_NOT_FINALIZED'
  /** A call was finalized, and its row is gone. */
  | 'EARSHOT_NO_ROW'
  /** Spans could be written neither to the database nor to the spool. They are kept. */
  | 'EARSHOT_NOT_SAVED';

/** An error that the library gives to an application. */
export class EarshotError extends Error {
  override name = 'EarshotError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A record that is not valid. The message names the field, what was seen and what was expected. */
export class InvalidRecordError extends TypeError {
  override name = 'InvalidRecordError';
  readonly code = 'EARSHOT_INVALID_RECORD';
}
