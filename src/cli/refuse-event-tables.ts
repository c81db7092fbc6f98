import { SyncError } from "../core/errors.ts";
import type { Stream } from "../core/types.ts";

/** Refuses a checkpoint of event tables, whose rows are forgotten once they are told: there is no whole table to carry. */
export function refuseEventTables(streams: readonly Stream[]): void {
  const names = streams.filter(({ mode }) => mode === "append").map(({ name }) => name);
  if (names.length === 0) return;
  throw new SyncError("USAGE", `${names.join(", ")}: with mode: append there is no whole table that a checkpoint could carry.`, {
    hint: `--exclude ${names.join(" ")}`,
    context: { streams: names },
  });
}
