import { randomBytes } from "node:crypto";
import type { Clock } from "../core/clock.ts";

// Crockford's base 32: no letter that is taken for a digit, and its order is the order of bytes.
const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const TIME_LENGTH = 10;
const RANDOM_LENGTH = 6;

/** A new run id: 16 letters and digits that sort by the time at which they were made. */
export function newRunId(clock: Clock): string {
  let time = clock.now().getTime();
  let text = "";
  for (let place = 0; place < TIME_LENGTH; place += 1) {
    text = (DIGITS[time % 32] ?? "") + text;
    time = Math.floor(time / 32);
  }
  for (const byte of randomBytes(RANDOM_LENGTH)) text += DIGITS[byte % 32] ?? "";
  return text;
}
