import { expect, test } from "vitest";
import { wantsColour } from "../../src/cli/paint.ts";

const tty = { write: () => undefined, isTty: true, columns: 80 };
const pipe = { write: () => undefined, isTty: false, columns: null };

test.each([
  ["a terminal gets colours", tty, {}, false, true],
  ["a pipe gets none", pipe, {}, false, false],
  ["NO_COLOR takes them from a terminal", tty, { NO_COLOR: "1" }, false, false],
  ["an empty NO_COLOR says nothing", tty, { NO_COLOR: "" }, false, true],
  ["--no-color takes them from a terminal", tty, {}, true, false],
  ["--no-color wins over FORCE_COLOR", pipe, { FORCE_COLOR: "1" }, true, false],
  ["FORCE_COLOR gives them to a pipe", pipe, { FORCE_COLOR: "1" }, false, true],
  ["FORCE_COLOR=0 takes them from a terminal", tty, { FORCE_COLOR: "0" }, false, false],
  ["NO_COLOR wins over FORCE_COLOR", tty, { FORCE_COLOR: "1", NO_COLOR: "1" }, false, false],
  ["a dumb terminal gets none", tty, { TERM: "dumb" }, false, false],
])("%s", (_name, sink, env, refused, expected) => {
  expect(wantsColour(sink, env, refused)).toBe(expected);
});
