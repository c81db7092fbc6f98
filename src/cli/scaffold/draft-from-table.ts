import { suggestName } from "../../config/suggest.ts";
import { SyncError } from "../../core/errors.ts";
import type { Source, TableFacts } from "../../core/ports.ts";
import { modelQuery } from "../../sync/model-query.ts";
import { draftKey } from "./draft-key.ts";
import type { ModelDraft } from "./model-draft.ts";

/** What a model is to be made of, where the person said so. */
export interface TableRequest {
  readonly table: string;
  readonly key: readonly string[];
  readonly name: string;
  readonly source: string;
  readonly destination: string;
}

/** A model of a table: its columns as the warehouse describes them, its primary key or a unique index without NULL as the key. */
export async function draftFromTable(source: Source, request: TableRequest, signal: AbortSignal): Promise<ModelDraft> {
  const { table, key, name, destination } = request;
  const facts = await factsOf(source, table, signal);
  const columns = await source.describe(modelQuery({ kind: "table", table }, source.dialect), signal);
  const [best] = facts?.keys ?? [];
  const found =
    best === undefined
      ? null
      : { columns: best.columns, reason: best.kind === "unique" ? "a unique index, never NULL" : "the table's primary key" };
  const names = columns.map((column) => column.name);
  const chosen = draftKey(key, found, names, table);
  return {
    name,
    description: facts?.comment ?? "",
    source: request.source,
    destination,
    rows: { kind: "table", table },
    key: chosen.columns,
    keyReason: chosen.reason,
    columns: columns.map((column) => ({ name: column.name, type: column.type, comment: facts?.columnComments.get(column.name) ?? "" })),
    origin: `the table ${table} of ${request.source}`,
  };
}

/** Null where the source looks no tables up; then only the query itself shows whether the table is there. */
async function factsOf({ catalog }: Source, table: string, signal: AbortSignal): Promise<TableFacts | null> {
  if (catalog === undefined) return null;
  const facts = await catalog.look(table, signal);
  if (facts !== null) return facts;
  const hint = suggestName(table, await catalog.list(signal));
  throw new SyncError("TABLE_UNKNOWN", `There is no table or view "${table}" that may be read.`, hint === null ? {} : { hint });
}
