import { counted } from "../../core/readable.ts";
import type { ForgetReport } from "../../sync/forget-report.ts";
import type { Paint } from "../paint.ts";
import { indent, table } from "./table.ts";

/** Where rows stand that are about to be forgotten, as a person is asked about it. */
export function whereText(report: ForgetReport, paint: Paint): string {
  const { stream, files, staged, told } = report;
  const rows = files.map(({ generation, key, rows: count }) => [`gen ${generation}`, key, counted(count, "row")]);
  const lines = [
    files.length === 0 ? "nothing in the state tells of them" : `stored   ${counted(files.length, "file")}`,
    ...(rows.length === 0 ? [] : [indent(table(rows))]),
    ...(staged.length === 0 ? [] : [`staged   run ${staged.join(", ")}: dropped, held or not`]),
    ...(told === 0n ? [] : [`${paint.warning("told")}     the destination still holds ${counted(told, "row")}`]),
    ...objectLines(report),
    ...noteLines(report, paint),
  ];
  return [paint.strong(stream), ...lines.map((line) => indent(line))].join("\n");
}

/** What was erased, and what is left to do at the destination. */
export function forgetText(report: ForgetReport, run: string, paint: Paint): string {
  const { stream, files, staged, told, finished } = report;
  const written = files.filter(({ to }) => to !== null).length;
  const parts = [
    ...(written > 0 ? [`${counted(written, "file")} written anew`] : []),
    ...(files.length > written ? [`${counted(files.length - written, "file")} deleted`] : []),
    ...(staged.length > 0 ? [`${counted(staged.length, "staged run")} dropped`] : []),
  ];
  const head = `${paint.strong(stream)}  run ${run} · ${parts.length === 0 ? "nothing in the state tells of them" : `${paint.good("forgotten")}: ${parts.join(", ")}`}`;
  const lines = [
    ...(finished.length === 0 ? [] : [`finished too: run ${finished.join(", ")}, which was interrupted`]),
    ...objectLines(report),
    ...(told === 0n ? [] : ["the next run sends them again, as added, where the warehouse still has them"]),
    ...noteLines(report, paint),
  ];
  return [head, ...lines.map((line) => indent(line))].join("\n");
}

function objectLines({ objects }: ForgetReport): readonly string[] {
  if (objects.length === 0) return [];
  const rows = objects.map(({ generation, url }) => [`gen ${generation}`, url]);
  return [`delivered in ${counted(objects.length, "object")}, to be erased there:`, indent(table(rows))];
}

function noteLines({ horizon, otherKey, named }: ForgetReport, paint: Paint): readonly string[] {
  return [
    ...(named.length === 0
      ? []
      : [
          `${paint.warning("WARN")}  objects of generation ${named.join(", ")} are named by such a key: plans and records keep these names`,
        ]),
    ...(horizon === null
      ? []
      : [`--  generations up to ${horizon} are no longer kept: which of their objects hold such rows is not known`]),
    ...(otherKey.length === 0
      ? []
      : [`${paint.warning("WARN")}  generations ${otherKey.join(", ")} were told under other key columns: forget there by those as well`]),
  ];
}
