/** Exit codes of the command line (docs/errors.md). */
export const EXIT = {
  done: 0,
  bug: 1,
  usage: 2,
  held: 3,
  busy: 4,
  source: 5,
  destination: 6,
  data: 7,
  someFailed: 8,
  state: 9,
  changesFound: 10,
} as const;

/** What a code means and what a person does about it; `sync explain CODE` prints it. */
export interface ErrorCodeEntry {
  readonly exit: number;
  readonly meaning: string;
  readonly action: string;
}

const entry = (exit: number, meaning: string, action: string): ErrorCodeEntry => ({ exit, meaning, action });

/** Every code of the project, alphabetical. A test holds each one to a page of the docs and to a place that throws it. */
export const ERROR_CODES = {
  CONFIG_INVALID: entry(
    EXIT.usage,
    "The configuration or a model file breaks a rule.",
    "Mend the lines shown; `sync validate` checks them offline.",
  ),
  INTERRUPTED: entry(130, "A signal stopped the run.", "Run the same command again: an unfinished delivery goes on where it stood."),
  INTERNAL: entry(EXIT.bug, "Something happened that should be impossible.", "Please report it with the output of the command."),
  SECRET_UNAVAILABLE: entry(
    EXIT.usage,
    "A secret that is kept in a file or printed by a command could not be had.",
    "Look at the file or run the command by hand, as the user that Spillway runs as; then run again.",
  ),
} as const satisfies Record<string, ErrorCodeEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;
