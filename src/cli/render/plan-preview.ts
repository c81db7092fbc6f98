import { count, counted } from "../../core/readable.ts";
import type { Verdict } from "../../sync/judge-delta.ts";
import type { PlanPreview } from "../../sync/plan-stream.ts";
import type { DeltaSample } from "../../sync/sample-delta.ts";
import type { Paint } from "../paint.ts";
import { costText } from "./cost.ts";
import { minute, second } from "./numbers.ts";
import { countLines, fileLines } from "./run-record.ts";
import { indent } from "./table.ts";

const SIGNS = { added: "+", changed: "~", removed: "-", full: "*" } as const;
const VALUE_WIDTH = 40;

/** What a run would deliver, as `sync plan` tells it. */
export function planText(plan: PlanPreview, target: string, paint: Paint): string {
  const parts = [
    `${paint.strong(plan.stream)}  ${target}`,
    indent(baseLine(plan)),
    ...(plan.estimate === null ? [] : [indent(`scan  ${costText(plan.estimate)}`)]),
    indent(countLines(plan.counts, plan.changedColumns, paint)),
  ];
  if (plan.audiences.length > 0) parts.push(indent(plan.audiences.map(audienceLine).join("\n")));
  if (plan.files.length > 0) {
    const verb =
      plan.outcome === "unfinished"
        ? `Gen ${plan.generation} is under way; the next run finishes it`
        : `Would ${plan.outcome === "held" ? "hold" : "deliver"} gen ${plan.generation}${plan.kind === "checkpoint" ? ", a checkpoint" : ""}`;
    parts.push(indent(`${verb}\n${indent(fileLines(plan.files))}`));
  }
  const samples = plan.samples.flatMap((sample) => sampleLines(sample, paint));
  if (samples.length > 0) parts.push(indent(`Examples\n${indent(samples.join("\n"))}`));
  if (plan.verdict !== null) parts.push(...guardLines(plan.verdict, paint).map((line) => indent(line)));
  parts.push(indent(verdict(plan)));
  return parts.join("\n");
}

/** One audience that is new or gone. */
export function audienceLine({ audience, news, members }: PlanPreview["audiences"][number]): string {
  return news === "new"
    ? `new audience ${audience}: ${counted(members, "member")} ${members === 1 ? "enters" : "enter"}`
    : `audience ${audience} is gone from the model: ${counted(members, "member")} ${members === 1 ? "leaves" : "leave"}`;
}

const EFFECTS = {
  hold: "a run is held for approval (on_schema_change: hold; --accept-schema-change accepts it)",
  resync: "every row is delivered anew (on_schema_change: resync)",
  adopt: "what is new is taken as told, other changes are delivered (on_schema_change: adopt)",
  accepted: "accepted",
} as const;

/** What follows from changed columns. */
export function schemaEffect(effect: keyof typeof EFFECTS): string {
  return EFFECTS[effect];
}

/** What the guards say, one line, and what happens because of changed columns, one line each. */
function guardLines({ checks, schema }: Verdict, paint: Paint): readonly string[] {
  const guards = checks.filter(({ guard }) => guard !== "on_schema_change");
  const said = guards.map(({ text, ok }) => (ok ? `${text} ok` : paint.bad(`${text} HELD`)));
  const lines = said.length === 0 ? [] : [`Guards  ${said.join("\n        ")}`];
  if (schema === null) return lines;
  return [...lines, `Schema  ${[...schema.differences, `-> ${schemaEffect(schema.effect)}`].join("\n        ")}`];
}

function baseLine({ base, window }: PlanPreview): string {
  const read =
    window === null
      ? ""
      : `\nreads ${window.from === null ? "from the beginning" : `${second(window.from)} UTC`} to ${second(window.to)} UTC`;
  if (base.generation === 0 && base.watermark === null) return `base  nothing delivered yet${read}`;
  const rows = base.rows === null ? "" : ` · ${count(base.rows)} rows${base.watermark === null ? "" : " remembered"}`;
  const upTo = base.watermark === null ? "" : ` · read up to ${second(base.watermark.upTo)} UTC`;
  return `base  gen ${base.generation} · ${minute(base.at)} UTC${rows}${upTo}${read}`;
}

/** What a run would come to, in a sentence. */
export function verdict({ outcome }: PlanPreview): string {
  switch (outcome) {
    case "unchanged":
      return "Nothing to deliver.";
    case "baseline":
      return "A run would take this result as delivered and send nothing (first_run: baseline).";
    case "held":
      return "A run would be held for approval. Nothing was delivered.";
    case "deliver":
    case "unfinished":
      return "Nothing was delivered.";
  }
}

/** Example rows, one line each: all values of a row that came or went, of a changed one what changed. */
export function sampleLines({ change, outputs, rows }: DeltaSample, paint: Paint): readonly string[] {
  const style = change === "full" ? (text: string) => text : paint[change];
  return rows.map(({ after, before }) => {
    const values = outputs.flatMap((name, at) => cell(name, after?.[at], before?.[at], change === "changed", at === 0));
    return `${style(SIGNS[change])} ${values.join("  ")}`;
  });
}

/** One value; of a changed row only the first column, by which a person finds it, and what changed. */
function cell(
  name: string,
  after: string | null | undefined,
  before: string | null | undefined,
  isChange: boolean,
  isFirst: boolean,
): readonly string[] {
  if (!isChange) return [`${name}=${shown(after === undefined ? before : after)}`];
  if (after !== before) return [`${name}: ${shown(before)} -> ${shown(after)}`];
  return isFirst ? [`${name}=${shown(after)}`] : [];
}

/** A value on one line: control characters escaped, long text cut, NULL told from the word. */
function shown(value: string | null | undefined): string {
  if (value === null || value === undefined) return "NULL";
  const plain = /^[^\s"\p{Cc}](?:[^"\p{Cc}]*[^\s"\p{Cc}])?$/u.test(value) && value !== "NULL";
  const cut = value.length > VALUE_WIDTH ? `${value.slice(0, VALUE_WIDTH - 1)}…` : value;
  return plain ? cut : JSON.stringify(cut);
}
