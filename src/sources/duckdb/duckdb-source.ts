import { access } from "node:fs/promises";
import { parse } from "node:path";
import { SyncError } from "../../core/errors.ts";
import type { Source } from "../../core/ports.ts";
import { trimStatement } from "../../core/sql-text.ts";
import type { Column, Projection } from "../../core/types.ts";
import type { Engine, StatementDescription } from "../../engine/open-engine.ts";
import { sqlName, sqlText } from "../../engine/sql-literal.ts";
import type { SourceContext } from "../source-context.ts";
import { duckdbCatalog } from "./duckdb-catalog.ts";
import { duckdbDialect } from "./duckdb-dialect.ts";
import type { DuckdbOptions } from "./duckdb-options.ts";
import { duckdbCanonical, duckdbKind } from "./duckdb-types.ts";

/** Names that DuckDB keeps for catalogs of its own. */
const RESERVED_CATALOGS = new Set(["memory", "system", "temp", "main"]);

/**
 * Opens a DuckDB source inside the run's engine: a database file attached read-only under its own name, or no database at all,
 * for models that read files. Relative file names in queries are looked up in the model's folder.
 */
export async function openDuckdbSource(options: DuckdbOptions, context: SourceContext, signal: AbortSignal): Promise<Source> {
  await context.engine.run(`SET file_search_path = ${sqlText(context.folder)}`, signal);
  if (options.path !== undefined) await attach(options.path, context.engine, signal);
  return {
    dialect: duckdbDialect,
    describe: async (query, describeSignal) => await describe(context.engine, query, describeSignal),
    canonical: duckdbCanonical,
    catalog: duckdbCatalog(context.engine),
    reading: { shape: "relation", relation: projectedQuery },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function attach(path: string, engine: Engine, signal: AbortSignal): Promise<void> {
  try {
    await access(path);
  } catch (cause) {
    throw new SyncError("SOURCE_NOT_FOUND", `The DuckDB database ${path} is not there or cannot be read.`, {
      hint: "Check `path` of the source; a relative path is relative to the configuration file.",
      cause,
    });
  }
  const stem = parse(path).name;
  const catalog = sqlName(RESERVED_CATALOGS.has(stem.toLowerCase()) ? `${stem}_source` : stem);
  try {
    await engine.run(`ATTACH ${sqlText(path)} AS ${catalog} (READ_ONLY); USE ${catalog}`, signal);
  } catch (cause) {
    if (cause instanceof SyncError && cause.code === "ENGINE_FAILED") throw attachError(path, cause);
    throw cause;
  }
}

function attachError(path: string, cause: SyncError): SyncError {
  if (cause.context["lock"] === true) {
    return new SyncError("SOURCE_BUSY", `The DuckDB database ${path} is open for writing in another process.`, {
      hint: "Wait until that process has closed it, then run again.",
      retry: "transient",
      cause,
    });
  }
  return new SyncError("SOURCE_NOT_FOUND", `${path} is not a DuckDB database that this version can open.`, {
    hint: "Check that the file is a DuckDB database, and that it was not written by a newer DuckDB.",
    cause,
  });
}

/** A text without a statement, which the engine's parser has no answer for. */
const NOTHING: StatementDescription = { statements: 0, isQuery: false, columns: [] };

async function describe(engine: Engine, query: string, signal: AbortSignal): Promise<readonly Column[]> {
  const bare = trimStatement(query) === "" ? NOTHING : await engine.describe(query, signal);
  if (bare.statements !== 1 || !bare.isQuery) {
    const what = bare.statements === 1 ? "a statement that is not a query" : `${String(bare.statements)} statements`;
    throw new SyncError("SOURCE_QUERY_REFUSED", `The model holds ${what}; it must be one SELECT.`, {
      hint: "Keep a single SELECT in the model (WITH … SELECT is one).",
    });
  }
  // A describe of the query in parentheses refuses DESCRIBE, SHOW and the like, which cannot be a model.
  const { columns } = await engine.describe(`SELECT * FROM (\n${query}\n)`, signal);
  refuseDuplicates(bare.columns.map((column) => column.name));
  return columns.map(({ type }, at) => ({ name: bare.columns[at]?.name ?? "", type, kind: duckdbKind(type) }));
}

function refuseDuplicates(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    const folded = name.toLowerCase();
    if (seen.has(folded)) {
      throw new SyncError(
        "SOURCE_QUERY_REFUSED",
        `The query returns two columns named "${name}" (DuckDB does not tell upper from lower case).`,
        {
          hint: `Give one of them another name: … AS other_${name}`,
        },
      );
    }
    seen.add(folded);
  }
}

function projectedQuery(projection: Projection): string {
  const columns = projection.columns.map((column, at) => `${sqlName(column.name)} AS c${String(at)}`);
  return `SELECT ${columns.join(", ")} FROM (\n${projection.query}\n)`;
}
