import { changeKinds } from "../compile-file.ts";
import type { ModelRule } from "./model-rule.ts";

/** `full` has no kinds of change to choose from. */
export const changesFitMode: ModelRule = ({ model, written }) => {
  if (written.mode === "full" && written.changes !== undefined) {
    model.file.report(
      "CONFIG_INVALID",
      { path: ["changes"], at: "key" },
      '"changes" has no effect with mode: full',
      "take it away, or use mode: delta",
    );
  }
  if (written.mode === "full" && written.first_run === "baseline") {
    model.file.report(
      "CONFIG_INVALID",
      { path: ["first_run"] },
      "first_run: baseline has no effect with mode: full",
      "take it away, or use mode: delta",
    );
  }
};

/** Without what is added, nothing that came after an empty snapshot is ever told: only a baseline gives such a stream rows to speak of. */
export const changesTellSomething: ModelRule = ({ model, written }) => {
  const kinds = changeKinds(written);
  if (written.mode !== "delta" || kinds.length === 0 || kinds.includes("added") || written.first_run === "baseline") return;
  model.file.report(
    "CONFIG_INVALID",
    { path: ["changes"], at: "key" },
    '"changes" without added tells nothing for ever: changes and removals are those of rows that were told',
    "add added, or set first_run: baseline to take the rows of the first run as told",
  );
};

/** Files have the same columns for all their rows. */
export const removedFilesAreTheirOwn: ModelRule = ({ model, written }) => {
  if (written.removed_columns !== "key") return;
  const report = (message: string, hint: string): void =>
    model.file.report("CONFIG_INVALID", { path: ["removed_columns"], at: "key" }, message, hint);
  if (written.mode === "append" || written.file.overwrite === true)
    report('"removed_columns" has no effect where no removed rows are told', "take it away");
  const { changes } = written;
  const shared = changes === undefined || Array.isArray(changes) ? [] : Object.entries(changes);
  for (const [name, kinds] of shared) {
    if (kinds.includes("removed") && kinds.length > 1)
      report(
        `removed rows share the files of "${name}", so they have the columns of the others`,
        "give removed a name of its own in changes",
      );
  }
  if (written.file.preset === "segment_audience") report("audience files of segment_audience have all of their columns", "take it away");
};

/** A checkpoint is a whole table beside a delta. */
export const checkpointFitsMode: ModelRule = ({ model, written }) => {
  if (written.checkpoint === undefined || written.mode === "delta") return;
  const why =
    written.mode === "full"
      ? "every delivery tells all rows anyway"
      : "rows that were told are forgotten in time, so there is no whole table to tell";
  model.file.report(
    "CONFIG_INVALID",
    { path: ["checkpoint"], at: "key" },
    `"checkpoint" has no effect with mode: ${written.mode}: ${why}`,
    "take it away, or use mode: delta",
  );
};

/** A cursor stands where new rows are found by one, and nowhere else. */
export const cursorFitsMode: ModelRule = ({ model, written }) => {
  if (written.mode === "append" && model.file.at(["cursor"]) === null)
    model.file.report(
      "CONFIG_INVALID",
      { path: ["mode"] },
      '"cursor" is missing: mode: append finds new rows by it',
      "e.g. cursor: {column: received_at, start: 2026-01-01, lag: 5m, overlap: 1h}",
    );
  if (written.mode !== "append" && written.cursor !== undefined)
    model.file.report(
      "CONFIG_INVALID",
      { path: ["cursor"], at: "key" },
      `"cursor" has no effect with mode: ${written.mode}`,
      "take it away, or use mode: append",
    );
};

/** Events come; they neither change nor leave. */
export const eventsAreAdded: ModelRule = ({ model, written }) => {
  if (written.mode !== "append") return;
  if (changeKinds(written).some((kind) => kind !== "added"))
    model.file.report(
      "CONFIG_INVALID",
      { path: ["changes"], at: "key" },
      "mode: append tells added rows alone",
      "take it away, or use mode: delta",
    );
  if (written.audiences !== undefined)
    model.file.report(
      "CONFIG_INVALID",
      { path: ["mode"] },
      "members of audiences leave again, which mode: append does not tell",
      "use mode: delta",
    );
};
