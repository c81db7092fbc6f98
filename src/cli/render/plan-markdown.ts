import type { SyncError } from "../../core/errors.ts";
import { bytes, count, counted } from "../../core/readable.ts";
import type { PlanPreview } from "../../sync/plan-stream.ts";
import { makePaint } from "../paint.ts";
import { costText } from "./cost.ts";
import { code, collapsed, fenced, html, markdownTable } from "./markdown.ts";
import { minute, share } from "./numbers.ts";
import { audienceLine, schemaEffect, sampleLines, verdict } from "./plan-preview.ts";

/** One stream as it was planned, or why it could not be. */
export type PlannedStream = { readonly stream: string; readonly destination: string } & (
  | {
      readonly plan: PlanPreview;
      /** Names of files are told by kind of change only, because they hold values of rows. */
      readonly hidesNames: boolean;
    }
  | { readonly error: SyncError }
);

/** Comments of pull requests hold 65,536 characters; what is left is for a line or two of whoever posts this one. */
export const MAX_CHARACTERS = 64_000;
const MAX_FILES = 20;

/** By this line the comment of an earlier run is found again. */
const MARK = "<!-- spillway plan -->";

/**
 * The plans of several streams as Markdown for a pull request: the same for the same plans, nothing that differs from run to run but what the
 * file names hold; no value of a row but the samples that were asked for; never longer than a comment may be.
 */
export function planMarkdown(planned: readonly PlannedStream[], limit = MAX_CHARACTERS): string {
  const changing = planned.filter((each) => "error" in each || each.plan.outcome !== "unchanged");
  const head = [MARK, "### Spillway plan", "", headline(planned)];
  const rows = planned.map((each) => summaryRow(each));
  const summary = [...head, "", ...cutTable(rows, limit / 2)].join("\n");
  const details = changing.map((each) => collapsed(titleOf(each), "error" in each ? failure(each.error) : detailsOf(each)));
  const shown: string[] = [];
  let left = limit - summary.length - 300;
  for (const part of details) {
    if (part.length + 2 > left) continue;
    shown.push(part);
    left -= part.length + 2;
  }
  const missing = details.length - shown.length;
  const note =
    missing === 0
      ? []
      : [`_Details of ${counted(missing, "more stream")} are left out: a comment holds no more. \`sync plan -m NAME\` shows them._`];
  return [summary, ...shown, ...note, "_Nothing was written or delivered._"].join("\n\n");
}

function headline(planned: readonly PlannedStream[]): string {
  const outcomes = planned.map((each) => ("error" in each ? "failed" : each.plan.outcome));
  const number = (outcome: string): number => outcomes.filter((each) => each === outcome).length;
  const parts = [
    [number("failed"), "cannot be planned"],
    [number("held"), "would be held for approval"],
    [number("deliver") + number("unfinished"), "would deliver"],
    [number("baseline"), "would take the result as delivered"],
    [number("unchanged"), "without changes"],
  ] as const;
  const told = parts.filter(([streams]) => streams > 0).map(([streams, what]) => `${count(streams)} ${what}`);
  return `${counted(planned.length, "stream")}: ${told.join(", ")}.`;
}

const HEADER = ["stream", "to", "added", "changed", "removed", "rows", "outcome"];

function summaryRow(each: PlannedStream): readonly string[] {
  const names = [code(each.stream), code(each.destination)];
  if ("error" in each) return [...names, "", "", "", "", `:x: ${code(each.error.code)}`];
  const { counts, outcome } = each.plan;
  const whole = BigInt(each.plan.base.rows ?? 0);
  const cell = (rows: number): string => (rows === 0 ? "0" : [count(rows), ...shareOf(rows, whole)].join(" "));
  const added = counts.full > 0 && counts.added === 0 ? `${count(counts.full)} (all)` : cell(counts.added);
  return [...names, added, cell(counts.changed), cell(counts.removed), count(counts.current), OUTCOMES[outcome]];
}

function shareOf(rows: number, whole: bigint): readonly string[] {
  const text = share(BigInt(rows), whole);
  return text === "" ? [] : [`(${text})`];
}

const OUTCOMES = {
  deliver: "delivers",
  held: ":warning: held",
  baseline: "baseline",
  unchanged: "no changes",
  unfinished: "a delivery is under way",
} as const;

/** As many rows as fit, and how many do not. */
function cutTable(rows: readonly (readonly string[])[], limit: number): readonly string[] {
  let length = 0;
  const fitting = rows.filter((row) => (length += row.join(" | ").length + 5) < limit);
  const table = markdownTable(HEADER, "llrrrrl", fitting);
  return fitting.length === rows.length ? [table] : [table, "", `_… and ${counted(rows.length - fitting.length, "more stream")}._`];
}

function titleOf(each: PlannedStream): string {
  if ("error" in each) return `<code>${html(each.stream)}</code> cannot be planned`;
  const { outcome, generation } = each.plan;
  return `<code>${html(each.stream)}</code> gen ${generation}${outcome === "held" ? ", held" : ""}`;
}

function failure({ code: name, message, hint }: SyncError): string {
  return fenced([`${name}  ${message}`, ...(hint === null ? [] : hint.split("\n").map((line) => `  ${line}`))], "text");
}

function detailsOf({ plan, hidesNames }: Extract<PlannedStream, { readonly plan: PlanPreview }>): string {
  const { base, audiences, changedColumns, verdict: judged, samples, files, estimate } = plan;
  const since =
    base.generation === 0
      ? "Nothing was delivered yet."
      : `Compared with gen ${base.generation} of ${minute(base.at)} UTC${base.rows === null ? "" : `, ${counted(base.rows, "row")}`}.`;
  const lines = samples.flatMap((sample) => sampleLines(sample, makePaint(false)));
  const parts = [
    plan.outcome === "deliver" ? since : `${since} ${verdict(plan)}`,
    judged?.schema == null
      ? null
      : list("Columns", [...judged.schema.differences.map(html), `→ ${html(schemaEffect(judged.schema.effect))}`]),
    judged === null
      ? null
      : list(
          "Guards",
          judged.checks
            .filter(({ guard }) => guard !== "on_schema_change")
            .map(({ ok, text }) => `${ok ? ":white_check_mark:" : ":no_entry:"} ${html(text)}`),
        ),
    list(
      "Audiences",
      audiences.map((each) => html(audienceLine(each))),
    ),
    changedColumns.length === 0
      ? null
      : `**Changed columns** ${changedColumns.map(({ name, rows }) => `${code(name)} ${count(rows)}`).join(" · ")}`,
    estimate === null ? null : `**Scan** ${html(costText(estimate))}`,
    files.length === 0 ? null : filesTable(hidesNames ? byChange(files) : files.map((file) => ({ ...file, key: code(file.key) }))),
    lines.length === 0 ? null : `**Examples**\n\n${fenced(lines.map(asDiff), "diff")}`,
  ];
  return parts.filter((part) => part !== null && part !== "").join("\n\n");
}

function list(title: string, items: readonly string[]): string {
  return items.length === 0 ? "" : `**${title}**\n${items.map((item) => `- ${item}`).join("\n")}`;
}

interface FileLine {
  /** Markdown. */
  readonly key: string;
  readonly rows: number;
  readonly size: number;
}

function byChange(files: PlanPreview["files"]): readonly FileLine[] {
  const changes = [...new Set(files.map(({ change }) => change))];
  return changes.map((change) => {
    const alike = files.filter((file) => file.change === change);
    const sum = (of: "rows" | "size"): number => alike.reduce((total, file) => total + file[of], 0);
    return { key: `${counted(alike.length, "file")} of ${code(change)}`, rows: sum("rows"), size: sum("size") };
  });
}

function filesTable(files: readonly FileLine[]): string {
  const shown = files.slice(0, MAX_FILES).map((file) => [file.key, count(file.rows), bytes(file.size)]);
  const more = files.slice(MAX_FILES);
  const rest = [
    `… and ${counted(more.length, "more file")}`,
    count(more.reduce((sum, { rows }) => sum + rows, 0)),
    bytes(more.reduce((sum, { size }) => sum + size, 0)),
  ];
  return markdownTable(["file", "rows", "size"], "lrr", more.length === 0 ? shown : [...shown, rest]);
}

/** Diffs are coloured by + - and !. */
function asDiff(line: string): string {
  return line.replace(/^~/, "!");
}
