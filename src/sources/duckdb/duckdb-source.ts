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
import { duckdbError } from "./duckdb-error.ts";
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
  const where = options.path ?? null;
  return {
    dialect: duckdbDialect,
    describe: async (query, describeSignal) => await describe({ engine: context.engine, where }, query, describeSignal),
    canonical: duckdbCanonical,
    catalog: duckdbCatalog(context.engine),
    reading: {
      shape: "relation",
      relation: projectedQuery,
      blame: async (error, projection, blameSignal) => await blame({ engine: context.engine, where }, error, projection, blameSignal),
    },
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

/** The database that queries run in, and its file. */
interface Database {
  readonly engine: Engine;
  readonly where: string | null;
}

async function describe({ engine, where }: Database, query: string, signal: AbortSignal): Promise<readonly Column[]> {
  const own = (what: string, linesBefore: number) => (error: unknown) => {
    throw duckdbError(error, { stage: "describe", what, where, query, linesBefore });
  };
  const bare = trimStatement(query) === "" ? NOTHING : await engine.describe(query, signal).catch(own("describe the model's query", 0));
  if (bare.statements !== 1 || !bare.isQuery) {
    const what = bare.statements === 1 ? "a statement that is not a query" : `${String(bare.statements)} statements`;
    throw new SyncError("SOURCE_QUERY_REFUSED", `The model holds ${what}; it must be one SELECT.`, {
      hint: "Keep a single SELECT in the model (WITH … SELECT is one).",
    });
  }
  // A describe of the query in parentheses refuses DESCRIBE, SHOW and the like, which cannot be a model.
  const within = engine.describe(`SELECT * FROM (\n${query}\n)`, signal);
  const { columns } = await within.catch(own("read the model's query as a sub-query", 1));
  refuseDuplicates(bare.columns.map((column) => column.name));
  return columns.map(({ type }, at) => ({ name: bare.columns[at]?.name ?? "", type, kind: duckdbKind(type) }));
}

/** Whether the query is at fault is seen by running it once more with nothing around it but what reads every value. */
async function blame({ engine, where }: Database, error: unknown, projection: Projection, signal: AbortSignal): Promise<unknown> {
  if (!(error instanceof SyncError) || (error.code !== "ENGINE_FAILED" && error.code !== "ENGINE_QUERY_REFUSED")) return error;
  const values = projection.columns.map((_, at) => `c${String(at)}`).join(", ");
  try {
    await engine.run(`SELECT bit_xor(hash(${values})) FROM (\n${projectedQuery(projection)}\n)`, signal);
    return error;
  } catch (alone) {
    signal.throwIfAborted();
    if (!(alone instanceof SyncError) || alone.code !== error.code) return error;
    const own = duckdbError(alone, { stage: "run", what: "run the model's query", where, query: projection.query, linesBefore: 2 });
    return own === alone ? error : own;
  }
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
