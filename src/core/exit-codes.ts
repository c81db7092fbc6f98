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
