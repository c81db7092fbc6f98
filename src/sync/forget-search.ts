import type { SqlSession } from "../core/ports.ts";
import type { Current, FileRef } from "../state/documents.ts";
import type { Erasures } from "../state/erasures.ts";
import type { RunContext } from "./run-context.ts";

/** What is looked for: the key columns that are given, whose values the engine remembers. */
export interface Search {
  readonly context: RunContext;
  readonly session: SqlSession;
  readonly columns: readonly string[];
  /** Every text of the keys. */
  readonly values: ReadonlySet<string>;
  readonly erasures: Erasures;
}

/** A file of the state root that holds rows that are to be forgotten. */
export interface FileWithRows {
  readonly generation: number;
  readonly rows: number;
  readonly file: FileRef;
  readonly path: string;
  readonly places: readonly number[];
  readonly isBase: boolean;
  /** Whether anything needs it; otherwise it is deleted, not written anew. */
  readonly isNeeded: boolean;
}

/** Where the columns that are given stand in the key of a layout; null: under it rows cannot be found by them. */
export function placesOf({ columns }: Pick<Search, "columns">, layout: Current["layout"]): readonly number[] | null {
  if (layout === null) return null;
  const names = layout.columns.slice(0, layout.keyCount).map(({ name }) => name);
  const places = columns.map((column) => names.indexOf(column));
  return places.includes(-1) ? null : places;
}
