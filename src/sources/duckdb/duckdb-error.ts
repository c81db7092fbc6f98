import { SyncError, type ErrorContext } from "../../core/errors.ts";
import { placeOf } from "../sql-place.ts";

/** What was being done with a model's query when the engine failed. */
export interface Doing {
  /** `describe`: no row is computed yet, so it is the query's constants or files that are at fault. */
  readonly stage: "describe" | "run";
  /** Completes "DuckDB cannot …". */
  readonly what: string;
  /** The database file; null where models read files alone. */
  readonly where: string | null;
  readonly query: string;
  /** Lines of the statement that stand before the query's first. */
  readonly linesBefore: number;
}

/**
 * The engine's error as the source's own, for a statement that holds nothing but the model's query. What is no fault of a query (memory,
 * disk, a stop, a defect of the engine) stays as it is.
 */
export function duckdbError(error: unknown, doing: Doing): unknown {
  if (!(error instanceof SyncError) || (error.code !== "ENGINE_QUERY_REFUSED" && error.code !== "ENGINE_FAILED")) return error;
  const { kind, words, line, column, castOf, csvLine } = error.context;
  const rule = ruleFor(String(kind), doing.stage);
  if (rule === null) return error;
  const place = typeof line === "number" && typeof column === "number" ? placeOf(doing.query, line - doing.linesBefore, column) : null;
  const where = place === null ? "" : ` (line ${place.line}, column ${place.column} of the query)\n${place.picture}`;
  const who = doing.where === null ? "DuckDB" : `DuckDB at ${doing.where}`;
  const says = typeof words === "string" ? words : withheld(rule.says, castOf, csvLine);
  const context: ErrorContext = {
    kind: String(kind),
    ...(place === null ? {} : { line: place.line, column: place.column }),
    ...(typeof castOf === "string" ? { castOf } : {}),
    ...(typeof csvLine === "number" ? { csvLine } : {}),
  };
  return new SyncError("SOURCE_QUERY_FAILED", `${who} cannot ${doing.what}: ${says}${where}`, {
    hint: typeof csvLine === "number" ? CSV_HINT : rule.hint(typeof castOf === "string" ? castOf : "x"),
    context,
  });
}

function withheld(says: string, castOf: unknown, csvLine: unknown): string {
  const file = typeof csvLine === "number" ? `line ${csvLine} of a CSV file is not as the query reads it` : says;
  const column = typeof castOf === "string" ? `, in column "${castOf}"` : "";
  return `${file}${column}; DuckDB's words are withheld because they may quote a row`;
}

const CSV_HINT =
  "Look at that line of the file. To read it all the same, give read_csv `all_varchar = true` and cast in the SELECT with TRY_CAST, or `null_padding = true` for lines that are too short.";

interface KindRule {
  readonly says: string;
  readonly hint: (column: string) => string;
}

const MEND = (): string => "Mend the model's query; try it in the DuckDB shell.";

const CASTING: KindRule = {
  says: "a value cannot be turned into the type that the query asks for",
  hint: (column) =>
    `Find the row with this condition in the DuckDB shell: WHERE ${column} IS NOT NULL AND TRY_CAST(${column} AS …) IS NULL. Then mend it, or write TRY_CAST(${column} AS …) in the query, which gives NULL instead.`,
};

const TRYING = "Find the row with this condition in the DuckDB shell: WHERE TRY(…) IS NULL, around the expression.";

const RULES: Readonly<Record<string, KindRule>> = {
  Conversion: CASTING,
  "Out of Range": {
    says: "a row takes a computation out of the range of its type or function",
    hint: () => `${TRYING} Then compute in a wider type (x::HUGEINT, x::DOUBLE), or write TRY(…) in the query, which gives NULL instead.`,
  },
  "Invalid Input": {
    says: "a function, cast or sub-query of the query does not take what it is given",
    hint: () => `${TRYING} TRY(…) in the query gives NULL instead. A sub-query that stands for one value must return one row.`,
  },
  IO: { says: "a file that the query reads cannot be read", hint: () => "Check the file's path, its format, and that it may be read." },
  HTTP: { says: "a file that the query reads cannot be fetched", hint: () => "Check the address, or fetch the file first." },
  Catalog: { says: "a name is not known", hint: () => "Check the names of tables and functions: `SHOW ALL TABLES` in the DuckDB shell." },
  Binder: {
    says: "a name or type does not fit",
    hint: () => "Check the names and types of columns: `DESCRIBE table` in the DuckDB shell.",
  },
};

const OTHER: KindRule = { says: "the query fails", hint: MEND };

const BEFORE_ROWS: KindRule = {
  says: "a constant of the query, or a file that it reads, is not of the form that it is taken for",
  hint: () => "Check its constants and the formats of the files that it reads; try it in the DuckDB shell.",
};

const ROWS_ALONE = new Set(["Conversion", "Out of Range", "Invalid Input"]);

/** Kinds that tell of the engine and not of a query. */
const NOT_THE_QUERY = new Set([
  "INTERNAL",
  "FATAL",
  "Internal",
  "Fatal",
  "Interrupt",
  "INTERRUPT",
  "Transaction",
  "TransactionContext",
  "Connection",
  "Unknown",
]);

function ruleFor(kind: string, stage: Doing["stage"]): KindRule | null {
  if (NOT_THE_QUERY.has(kind)) return null;
  return ROWS_ALONE.has(kind) && stage === "describe" ? BEFORE_ROWS : (RULES[kind] ?? OTHER);
}
