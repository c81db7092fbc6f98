/** What a code means and what a person does about it; `sync explain CODE` prints it. */
export interface ErrorCodeEntry {
  readonly exit: number;
  readonly meaning: string;
  readonly action: string;
}

/** An entry of the table: exit code, meaning, what to do. */
export const entry = (exit: number, meaning: string, action: string): ErrorCodeEntry => ({ exit, meaning, action });
