import { counted } from "../../core/readable.ts";
import type { Finding } from "../doctor/finding.ts";
import type { Paint } from "../paint.ts";
import { indent, table } from "./table.ts";

/** One line a check, and below each that is not in order what to do; the last line counts. */
export function doctorReport(findings: readonly Finding[], paint: Paint): string {
  const rows = findings.map(({ area, status, subject, check, detail }) => [
    area,
    statusText(status, paint),
    subject,
    check,
    oneLine(detail),
  ]);
  const heads = table(rows).split("\n");
  const lines = findings.map((finding, at) => [heads[at] ?? "", ...remedy(finding)].join("\n"));
  return [...lines, summary(findings)].join("\n");
}

function statusText(status: Finding["status"], paint: Paint): string {
  switch (status) {
    case "ok":
      return paint.good("ok");
    case "warn":
      return paint.warning("WARN");
    case "fail":
      return paint.bad("FAIL");
    case "skipped":
      return paint.faint("skip");
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ");
}

function remedy({ fix, statement, code }: Finding): readonly string[] {
  const parts = [
    ...(code === null ? [] : [code]),
    ...(fix === null ? [] : [fix]),
    ...(statement === null || fix?.includes(statement) === true ? [] : [statement]),
  ];
  return parts.length === 0 ? [] : [indent(parts.join("\n"), 4)];
}

function summary(findings: readonly Finding[]): string {
  const count = (status: Finding["status"]): number => findings.filter((finding) => finding.status === status).length;
  return `${counted(count("fail"), "failure")}, ${counted(count("warn"), "warning")}, ${counted(findings.length, "check")}`;
}
