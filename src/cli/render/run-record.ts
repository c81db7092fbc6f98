import { bytes, count, counted, placeText } from "../../core/readable.ts";
import type { RunRecord, RunStatus } from "../../state/documents.ts";
import type { Paint } from "../paint.ts";
import { duration, minute, share } from "./numbers.ts";
import { type Align, indent, table } from "./table.ts";

/** A run's state as one word, coloured by what it asks of the reader. */
function statusText(status: RunStatus, paint: Paint): string {
  switch (status) {
    case "delivered":
    case "unchanged":
    case "baselined":
    case "reset":
    case "recovered":
    case "repaired":
    case "retired":
    case "forgotten":
    case "approved":
      return paint.good(status);
    case "abandoned":
    case "held":
    case "rejected":
    case "superseded":
    case "busy":
    case "interrupted":
    case "unfinished":
      return paint.warning(status);
    case "failed":
      return paint.bad(status);
  }
}

/** Counts of a delta: one signed line per kind of change, and what stayed. */
export function countLines(counts: NonNullable<RunRecord["counts"]>, changedColumns: RunRecord["changedColumns"], paint: Paint): string {
  const whole = BigInt(counts.current);
  const columns = changedColumns.map(({ name, rows }) => `${name} ${count(rows)}`).join(" · ");
  const row = (sign: string, name: string, rows: number, note = ""): readonly string[] => [
    `${sign} ${name}`,
    count(rows),
    rows === 0 ? "" : share(BigInt(rows), whole),
    note,
  ];
  // Where every row is told whole, nothing is told as added or changed.
  const isWhole = counts.full > 0 && counts.added + counts.changed === 0;
  const rows = [
    ...(counts.full > 0 ? [row("*", "full", counts.full)] : []),
    ...(isWhole ? [] : [row(paint.added("+"), "added", counts.added), row(paint.changed("~"), "changed", counts.changed, columns)]),
    row(paint.removed("-"), "removed", counts.removed),
    ["= same", count(counts.unchanged), "", ""],
  ];
  return table(rows, ["left", "right", "right"]);
}

/** Files of a delivery, aligned. */
export function fileLines(files: readonly { readonly key: string; readonly rows: number; readonly size: number }[]): string {
  return table(
    files.map((file) => [file.key, counted(file.rows, "row"), bytes(file.size)]),
    ["left", "right", "right"],
  );
}

const TELLS_COUNTS: readonly RunStatus[] = ["delivered", "held", "approved", "rejected"];

/** What a run came to, as `sync run` tells it; of an error only its code, for the rest goes to stderr. */
export function runSummary(run: RunRecord, paint: Paint): string {
  const generation = run.generation === null ? "" : ` · gen ${run.generation}${run.kind === "checkpoint" ? " · checkpoint" : ""}`;
  const code = run.error === null ? "" : ` · ${paint.bad(run.error.code)}`;
  const head = `${paint.strong(run.stream)}  run ${run.run}${generation} · ${statusText(run.status, paint)}${code}`;
  const body: string[] = [];
  if (TELLS_COUNTS.includes(run.status) && run.counts !== null) body.push(countLines(run.counts, run.changedColumns, paint));
  if (run.status === "unchanged" && run.counts !== null) body.push(`${counted(run.counts.current, "row")} looked at, nothing to tell`);
  if (run.status === "baselined" && run.counts !== null)
    body.push(`${counted(run.counts.snapshotAfter, "row")} taken as delivered, nothing sent`);
  const shared = sharedText(run);
  if (shared !== null) body.push(shared);
  if (run.files.length > 0) {
    const wouldGo = run.status === "held" || run.status === "rejected" ? "not sent: " : "";
    if (run.destination !== null) body.push(wouldGo + placeText(run.destination));
    body.push(indent(fileLines(run.files)));
  }
  return [head, ...body.map((part) => indent(part))].join("\n");
}

/** What a run owes to one beside it; null: it read by itself, or for others. */
function sharedText({ run, reading }: RunRecord): string | null {
  if (reading === undefined || reading.moment === run) return null;
  if (reading.extraction === run) return `shares the moment of run ${reading.moment}`;
  return `shares the rows of run ${reading.extraction}`;
}

/** One run with everything that is known of it, as `sync show` tells it. */
export function runDetails(run: RunRecord, paint: Paint): string {
  const facts = [
    ["started", `${run.startedAt}${run.endedAt === null ? "" : ` · took ${took(run)}`}`],
    ...(run.slot === null ? [] : [["slot", run.slot]]),
    ...(run.finishedBy === null ? [] : [["finished by", `run ${run.finishedBy}`]]),
    ...(run.manifest === null ? [] : [["manifest", run.manifest]]),
    ...(run.decision === undefined
      ? []
      : [["answered", `by ${run.decision.by} at ${run.decision.at}${run.decision.reason === null ? "" : `: ${run.decision.reason}`}`]]),
    ...run.warnings.map((warning) => ["warning", warning]),
    ...(run.error === null ? [] : [["error", run.error.message]]),
    ...(run.error?.hint == null ? [] : [["", run.error.hint]]),
  ];
  const phases = run.phases.map(({ phase, ms }) => [phase, duration(ms)]);
  const parts = [runSummary(run, paint), indent(table(facts))];
  if (phases.length > 0) parts.push(indent(`phases\n${indent(table(phases, ["left", "right"]))}`));
  return parts.join("\n");
}

const HISTORY_HEADER = ["RUN", "STREAM", "GEN", "STARTED (UTC)", "RESULT", "ROWS", "ADDED", "CHANGED", "REMOVED", "FILES", "TIME"];
const HISTORY_ALIGN: readonly Align[] = ["left", "left", "right", "left", "left", "right", "right", "right", "right", "right", "right"];

/** Runs as a table, in the order given. */
export function historyTable(runs: readonly RunRecord[], paint: Paint): string {
  const rows = runs.map((run) => [
    run.run,
    run.stream,
    run.generation === null ? "-" : String(run.generation),
    minute(run.startedAt),
    statusText(run.status, paint),
    ...(["current", "added", "changed", "removed"] as const).map((name) => (run.counts === null ? "-" : count(run.counts[name]))),
    String(run.files.length),
    took(run),
  ]);
  return table([HISTORY_HEADER.map(paint.faint), ...rows], HISTORY_ALIGN);
}

function took(run: RunRecord): string {
  return run.endedAt === null ? "-" : duration(Date.parse(run.endedAt) - Date.parse(run.startedAt));
}
