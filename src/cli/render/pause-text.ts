import type { Pause } from "../../state/pauses.ts";

/** A pause in a few words: until when, by whom and why. */
export function pauseText({ until, reason, by }: Pick<Pause, "until" | "reason" | "by">): string {
  const end = until === null ? "" : ` until ${until.replace(/(?::00)?\.000Z$/, "Z").replace("T", " ")}`;
  return `paused${end} (${by}${reason === null ? "" : `: ${reason}`})`;
}
