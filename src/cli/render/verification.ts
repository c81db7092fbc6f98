import { bytes, counted } from "../../core/readable.ts";
import type { FoldVerification } from "../../sync/verify-fold.ts";
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
  const { stream, generation, files, objects, deltas, fold, skipped } = verified;
  if (generation === null) return `${paint.strong(stream)}  nothing delivered yet`;
  const damaged = files.filter(({ status }) => status === "damaged");
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const state =
    damaged.length === 0
      ? `${paint.good("ok")}  state    ${counted(files.length, "file")} (${bytes(size)}) as written`
      : `${paint.bad("FAIL")}  state    ${damaged.map(({ key }) => key).join(", ")} missing or changed`;
  const past = [...foldLines(fold, paint), ...keptLines(verified, paint)];
  const lines = [state, ...past, ...objectLines(objects, paint), ...deltaLines(deltas, paint)];
  if (skipped.length > 0) lines.push(`--  gen ${skipped.join(", ")}: not delivered, or given up`);
  return [`${paint.strong(stream)}  gen ${generation}`, ...lines.map((line) => indent(line))].join("\n");
}

/** How far back the history goes, and what of it was erased. */
function keptLines({ horizon, erasures }: StreamVerification, paint: Paint): readonly string[] {
  const done = erasures.filter((each) => each.done);
  const files = done.reduce((sum, each) => sum + each.files, 0);
  const open = erasures.filter((each) => !each.done).map(({ run }) => run);
  return [
    ...(horizon === null ? [] : [`--  history  from generation ${horizon + 1}: folded from generation ${horizon}, as retention.log says`]),
    ...(done.length === 0
      ? []
      : [`--  history  ${counted(files, "file")} written anew by ${counted(done.length, "erasure")}, as recorded`]),
    ...(open.length === 0
      ? []
      : [
          `${paint.warning("WARN")}  history  the erasure of run ${open.join(", ")} was interrupted: the next run or \`forget\` finishes it, then the fold can be checked`,
        ]),
  ];
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

function foldLines(fold: FoldVerification | null, paint: Paint): readonly string[] {
  if (fold === null) return [];
  const { status, from, deltas, notCompared, toldIn, broken } = fold;
  const lost = broken.map(({ generation, key, status: how }) => `${paint.bad("FAIL")}  history  gen ${generation}  ${key} ${how}`);
  if (from === null) return [...lost, "--  fold     not checked: no stored table leads on to the snapshot"];
  const begin = from.by === "delta" ? `gen ${from.generation}` : `the base of gen ${from.generation}`;
  const what = deltas === 0 ? begin : `${begin} and ${counted(deltas, "delta")} after it`;
  const head =
    status === "same"
      ? `${paint.good("ok")}  fold     ${what} give the snapshot`
      : `${paint.bad("FAIL")}  fold     ${what} give another table: ${differenceText(fold)}`;
  const told = toldIn.map(
    ({ generation, rows }) => `${paint.bad("FAIL")}  fold     gen ${generation} told ${counted(rows, "such row")} last`,
  );
  const left = notCompared.length === 0 ? [] : [`--  fold     not compared: ${notCompared.join(", ")}, which not all of them have`];
  return [...lost, head, ...told, ...left];
}

/** How many rows of a fold differ, and in which way. */
export function differenceText({ difference }: FoldVerification): string {
  if (difference === null) return "";
  const { onlyLeft, onlyRight, different } = difference;
  const parts = [
    [onlyLeft, "in the snapshot alone"],
    [onlyRight, "in the deltas alone"],
    [different, "with other values"],
  ] as const;
  return parts.flatMap(([rows, what]) => (rows === 0n ? [] : [`${counted(rows, "row")} ${what}`])).join(", ");
}

function deltaLines(deltas: StreamVerification["deltas"], paint: Paint): readonly string[] {
  const of = (status: StreamVerification["deltas"][number]["status"]): string =>
    deltas
      .filter((delta) => delta.status === status)
      .map(({ generation }) => String(generation))
      .join(", ");
  const line = (generations: string, mark_: string, what: string): readonly string[] =>
    generations === "" ? [] : [`${mark_}  deltas   gen ${generations} ${what}`];
  return [
    ...line(of("same"), paint.good("ok"), "as stored give the very files that were delivered"),
    ...line(of("differs"), paint.bad("FAIL"), "as stored gives OTHER FILES than were delivered"),
    ...line(of("forgotten"), "--", "not compared: rows that they told of were forgotten"),
    ...line(of("pruned"), "--", "not compared: no longer kept"),
    ...line(of("other_settings"), "--", "not compared: columns or files are set up otherwise now, or are compressed or encrypted"),
  ];
}
