/** Lines that may be outstanding. */
const MAX_LINES = 64;

/** What the application has had said, for the agent or for the user, until the service says that it was. */
export class AgentLines {
  #lines: string[] = [];

  add(line: string | undefined): void {
    if (line !== undefined) this.#lines = [...this.#lines, line].slice(-MAX_LINES);
  }

  /** Takes a line out of those that are outstanding; false when it is none of them. */
  take(line: string): boolean {
    const index = this.#lines.indexOf(line);
    if (index >= 0) this.#lines.splice(index, 1);
    return index >= 0;
  }
}
