import type { MappedOutput } from "../core/delta.ts";
import type { Projection } from "../core/types.ts";
import { keyOrder } from "../engine/key-order.ts";
import type { CurrentRows } from "./current-rows.ts";
import { keyColumns, outputColumns } from "./snapshot-view.ts";

/** SELECT of payload, h1, h2 of all current rows in key order: rows are sorted whole, before anything is split off them. */
export function sortedRows(rows: CurrentRows, projection: Projection): string {
  const order = projection.columns.slice(0, projection.keyCount).flatMap((column, at) => keyOrder(column.kind, rows.keys[at] ?? "NULL"));
  return `SELECT ${rows.payload.join(", ")}, h1, h2 FROM (${rows.select}) ORDER BY ${order.join(", ")}`;
}

/** SELECT of k…, o… (mapped outputs), h1, h2, torn of some current rows. */
export function mappedRows(rows: CurrentRows, from: string, projection: Projection, outputs: readonly MappedOutput[]): string {
  const place = new Map(projection.columns.map((column, at) => [column.name, `t${String(at)}`]));
  const textOf = (name: string): string => place.get(name) ?? "NULL";
  const keys = keyColumns(projection.keyCount).map((name, at) => `t${String(at)} AS ${name}`);
  const values = outputColumns(outputs).map((name, at) => `${outputs[at]?.expression(textOf) ?? "NULL"} AS ${name}`);
  return `SELECT ${[...keys, ...values, "h1", "h2", "torn"].join(", ")} FROM (${rows.canonical(from, ["h1", "h2"])})`;
}
