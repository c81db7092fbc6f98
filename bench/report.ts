import type { DriverEntry } from "./measure-drivers.ts";
import type { StartupEntry } from "./measure-startup.ts";
import type { UploadEntry } from "./measure-uploads.ts";

/** One measured piece of work. */
export interface Entry {
  readonly work: string;
  readonly seconds: number;
  /** Seconds over the mean of the baselines measured before and after. */
  readonly ratio: number;
  readonly peakBytes: number | null;
  readonly rows: number;
  /** Seconds of the parts that the program itself tells. */
  readonly phases?: Readonly<Record<string, number>>;
}

/** Everything that one benchmark measured. */
export interface Report {
  readonly rows: number;
  readonly node: string;
  readonly cpus: number;
  readonly entries: readonly Entry[];
  readonly uploads: readonly UploadEntry[];
  readonly drivers: readonly DriverEntry[];
  readonly startup: readonly StartupEntry[];
}

/** The report for people. */
export function reportText(report: Report): string {
  const header = ["work", "wall", "× limit", "peak RSS", "parts"];
  const lines = report.entries.map((entry) => [
    entry.work,
    `${entry.seconds.toFixed(2)} s`,
    entry.ratio.toFixed(2),
    size(entry.peakBytes),
    Object.entries(entry.phases ?? {})
      .map(([phase, seconds]) => `${phase} ${seconds.toFixed(2)}`)
      .join(" · "),
  ]);
  const title = `${report.rows.toLocaleString("en")} rows of 10 columns · Node ${report.node} · ${report.cpus} CPUs`;
  const tables = [
    { header, lines },
    { header: UPLOAD_HEADER, lines: report.uploads.map(uploadLine) },
    { header: DRIVER_HEADER, lines: report.drivers.map(driverLine) },
    { header: ["command", "wall"], lines: report.startup.map(({ command, seconds }) => [command, `${Math.round(seconds * 1000)} ms`]) },
  ];
  return [title, "", ...tables.filter((each) => each.lines.length > 0).flatMap((each) => [...table(each.header, each.lines), ""])].join(
    "\n",
  );
}

const UPLOAD_HEADER = ["upload in parts", "wall", "MB/s", "× lib-storage", "peak RSS"];

function uploadLine({ work, bytes, seconds, ratio, peakBytes }: UploadEntry): readonly string[] {
  const speed = Math.round(bytes / 1e6 / seconds);
  return [`${work}, ${Math.round(bytes / 1e6)} MB`, `${seconds.toFixed(2)} s`, String(speed), ratio.toFixed(2), size(peakBytes)];
}

const DRIVER_HEADER = ["driver", "rows", "wall", "rows/s", "peak RSS"];

function driverLine({ driver, rows, seconds, peakBytes }: DriverEntry): readonly string[] {
  const speed = Math.round(rows / seconds).toLocaleString("en");
  return [driver, rows.toLocaleString("en"), `${seconds.toFixed(2)} s`, speed, size(peakBytes)];
}

function size(peakBytes: number | null): string {
  return peakBytes === null ? "–" : `${Math.round(peakBytes / 1e6)} MB`;
}

function table(header: readonly string[], lines: readonly (readonly string[])[]): readonly string[] {
  const widths = header.map((title, at) => Math.max(...[header, ...lines].map((line) => (line[at] ?? title).length)));
  const row = (cells: readonly string[]): string => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [row(header), rule, ...lines.map(row)];
}
