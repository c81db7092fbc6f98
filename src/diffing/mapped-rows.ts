import type { MappedOutput } from "../core/delta.ts";
import type { Projection } from "../core/types.ts";
import type { CurrentRows } from "./current-rows.ts";
import { keyColumns, outputColumns } from "./snapshot-view.ts";

/** SELECT of k…, o… (mapped outputs), h1, h2, torn of some current rows. */
export function mappedRows(rows: CurrentRows, from: string, projection: Projection, outputs: readonly MappedOutput[]): string {
  const place = new Map(projection.columns.map((column, at) => [column.name, `t${String(at)}`]));
  const textOf = (name: string): string => place.get(name) ?? "NULL";
  const keys = keyColumns(projection.keyCount).map((name, at) => `t${String(at)} AS ${name}`);
  const values = outputColumns(outputs).map((name, at) => `${outputs[at]?.expression(textOf) ?? "NULL"} AS ${name}`);
  return `SELECT ${[...keys, ...values, "h1", "h2", "torn"].join(", ")} FROM (${rows.canonical(from, ["h1", "h2"])})`;
}
