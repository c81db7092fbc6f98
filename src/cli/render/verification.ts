import { bytes, counted } from "../../core/readable.ts";
import type { StreamVerification, VerifiedObject } from "../../sync/verify-stream.ts";
import type { Paint } from "../paint.ts";
import { indent, table } from "./table.ts";

const WORDS: Readonly<Record<VerifiedObject["status"], string>> = {
  ok: "same bytes",
  missing: "not there; a consumer may have taken it",
  changed: "OTHER BYTES",
  unreadable: "not checked: no right to read",
  replaced: "replaced by a later generation, as it should be",
  elsewhere: "not checked: it went to another destination",
};

/** What was compared for a stream: counts, and each object or file that is not simply the same. */
export function verificationText(verified: StreamVerification, paint: Paint): string {
  const { stream, generation, files, objects, skipped } = verified;
  if (generation === null) return `${paint.strong(stream)}  nothing delivered yet`;
  const damaged = files.filter(({ status }) => status === "damaged");
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const state =
    damaged.length === 0
      ? `${paint.good("ok")}  state    ${counted(files.length, "file")} (${bytes(size)}) as written`
      : `${paint.bad("FAIL")}  state    ${damaged.map(({ key }) => key).join(", ")} missing or changed`;
  const lines = [state, ...objectLines(objects, paint)];
  if (skipped.length > 0) lines.push(`--  gen ${skipped.join(", ")}: not delivered, or given up`);
  return [`${paint.strong(stream)}  gen ${generation}`, ...lines.map((line) => indent(line))].join("\n");
}

function objectLines(objects: readonly VerifiedObject[], paint: Paint): readonly string[] {
  const same = objects.filter(({ status }) => status === "ok");
  const size = same.reduce((sum, object) => sum + object.size, 0);
  const lines =
    same.length === 0 ? [] : [`${paint.good("ok")}  objects  ${counted(same.length, "object")} (${bytes(size)}) hold the bytes delivered`];
  const others = objects.filter(({ status }) => status !== "ok");
  // Where nothing may be read, one line says so for all.
  const unread = others.filter(({ status }) => status === "unreadable");
  if (unread.length > 0) lines.push(`--  objects  ${counted(unread.length, "object")} not checked: no right to read`);
  const listed = others.filter(({ status }) => status !== "unreadable");
  const rows = listed.map(({ generation, key, status }) => [mark(status, paint), `gen ${generation}`, key, WORDS[status]]);
  return rows.length === 0 ? lines : [...lines, ...table(rows).split("\n")];
}

function mark(status: VerifiedObject["status"], paint: Paint): string {
  if (status === "changed") return paint.bad("FAIL");
  return status === "missing" ? paint.warning("WARN") : "--";
}
