import type { ResolvedMapping } from "../../core/delta.ts";
import type { SqlSession } from "../../core/ports.ts";
import type { FileChange, FileFormat, SqlExpr } from "../../core/types.ts";
import { fileGroups } from "../change-groups.ts";
import { displayText } from "../display-text.ts";
import { guardFormula } from "../encode-field.ts";
import { columnKind } from "../field-texts.ts";
import { factSql } from "../mapping-facts.ts";

/** A removed row is one whose column has this text. */
export interface RemovedMark {
  readonly column: string;
  readonly text: string;
}

/** How removed rows are told from others in the files that hold both, by the name of the change; and the names where nothing tells. */
export async function removedMarks(
  session: SqlSession,
  { header, outputs }: Pick<ResolvedMapping, "header" | "outputs">,
  format: FileFormat,
  signal: AbortSignal,
): Promise<{ readonly removed: Readonly<Record<string, RemovedMark>>; readonly unmarked: readonly string[] }> {
  const removed: Record<string, RemovedMark> = {};
  const unmarked: string[] = [];
  for (const { name, kinds } of fileGroups(format)) {
    if (!kinds.includes("removed") || kinds.length === 1) continue;
    const mark = await findMark(session, { header, outputs }, kinds, format, signal);
    if (mark === null) unmarked.push(name);
    else removed[name] = mark;
  }
  return { removed, unmarked };
}

async function findMark(
  session: SqlSession,
  { header, outputs }: Pick<ResolvedMapping, "header" | "outputs">,
  kinds: readonly FileChange[],
  format: FileFormat,
  signal: AbortSignal,
): Promise<RemovedMark | null> {
  for (const column of header) {
    if (!("metadata" in column) || (column.metadata !== "_change" && column.metadata !== "_member")) continue;
    const show = (change: FileChange): SqlExpr => {
      const facts = { change, run: "", generation: 1, scheduledAt: new Date(0), stream: { name: "" } };
      const text = `(SELECT ${displayText("t", columnKind(column, outputs), format)} FROM (SELECT ${factSql(column, { header, outputs, keyCount: 0 }, facts)} AS t))`;
      return format.formulaGuard ? guardFormula(text) : text;
    };
    const [texts = []] = await session.rows(`SELECT ${["removed" as const, ...kinds].map(show).join(", ")}`, signal);
    const others = texts.slice(1).filter((_, at) => kinds[at] !== "removed");
    const text = texts[0] ?? null;
    if (text !== null && text !== format.nullText && !others.includes(text)) return { column: column.name, text };
  }
  return null;
}
