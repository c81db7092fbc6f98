import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { execute } from "../execute.ts";
import type { PostgresServer } from "../postgres/postgres-server.ts";
import type { TempFolder } from "../temp-folder.ts";

/** A loader's table: rows in no order, each an object of texts. */
export type LoadedRow = Readonly<Record<string, string | null>>;

/** What a run of a loader came to. */
export interface Loaded {
  /** Whether it says that the table holds everything that arrived. */
  readonly ok: boolean;
  readonly said: string;
}

/** A loader of a kit with a table of its own. */
export interface KitLoader {
  readonly name: "node" | "pandas" | "duckdb" | "postgres";
  readonly file: string;
  load(kit: string, inbox: string): Promise<Loaded>;
  /** Begins to load, several times, and is stopped before its end. */
  killed(kit: string, inbox: string, folder: TempFolder): Promise<void>;
  rows(): Promise<readonly LoadedRow[]>;
}

/** The Node program and the pandas one take the same arguments and write the same kind of table. */
export function programLoader(name: "node" | "pandas", program: string, folder: string): KitLoader {
  const file = name === "node" ? "load.mjs" : "load.py";
  const table = join(folder, `${name}.jsonl`);
  return {
    name,
    file,
    load: async (kit, inbox) => {
      const { code, stdout, stderr } = await execute(program, [join(kit, file), inbox, table]);
      return { ok: code === 0, said: `${code} ${stdout}${stderr}` };
    },
    killed: async (kit, inbox) => {
      for (const afterMs of [1, 40, 90]) {
        const child = spawn(program, [join(kit, file), inbox, table], { stdio: "ignore" });
        const timer = setTimeout(() => child.kill("SIGKILL"), afterMs);
        await once(child, "exit");
        clearTimeout(timer);
      }
      // As one leaves it that is killed while it writes.
      await writeFile(`${table}.part`, '{"stream":');
    },
    rows: async () => {
      const [head = "", ...lines] = (await readFile(table, "utf8")).trimEnd().split("\n");
      const { columns } = JSON.parse(head) as { readonly columns: readonly string[] };
      return lines.map((line) => Object.fromEntries((JSON.parse(line) as (string | null)[]).map((text, at) => [columns[at] ?? "", text])));
    },
  };
}

/** The DuckDB script, run on a database in a file. */
export function duckdbLoader(table: string, folder: string): KitLoader {
  const database = join(folder, "loaded.duckdb");
  const withDatabase = async <T>(use: (sql: (text: string) => Promise<readonly unknown[][]>) => Promise<T>): Promise<T> => {
    const instance = await DuckDBInstance.create(database, { threads: "1" });
    const connection = await instance.connect();
    try {
      return await use(async (text) => (await connection.runAndReadAll(text)).getRowsJson());
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  };
  return {
    name: "duckdb",
    file: "load.duckdb.sql",
    load: async (kit, inbox) => {
      const script = await readFile(join(kit, "load.duckdb.sql"), "utf8");
      return await withDatabase(async (sql) => {
        await sql(`SET VARIABLE inbox = '${inbox}'`);
        return await sql(script).then(
          (rows) => ({ ok: true, said: String(rows[0]?.[0]) }),
          (error: unknown) => ({ ok: false, said: String(error) }),
        );
      });
    },
    killed: async (kit, inbox) => {
      const script = await readFile(join(kit, "load.duckdb.sql"), "utf8");
      const statements = script.split(/;\n/).map((statement) => `${statement};`);
      const commit = statements.findIndex((statement) => statement.trim() === "COMMIT;");
      for (let length = 1; length <= commit; length += 4)
        await withDatabase(async (sql) => {
          await sql(`SET VARIABLE inbox = '${inbox}'`);
          for (const statement of statements.slice(0, length)) await sql(statement);
        });
    },
    // As base64, since the driver drops a byte order mark in front of a text.
    rows: async () =>
      await withDatabase(async (sql) => {
        const names = (await sql(`SELECT column_name FROM (DESCRIBE "${table}")`)).map(([name]) => String(name));
        const texts = names.map((name) => `to_base64(encode(CAST("${name.replaceAll('"', '""')}" AS VARCHAR)))`);
        const rows = await sql(`SELECT ${texts.join(", ")} FROM "${table}"`);
        const decode = (text: unknown): string | null => (typeof text === "string" ? Buffer.from(text, "base64").toString() : null);
        return rows.map((row) => Object.fromEntries(row.map((text, at) => [names[at] ?? "", decode(text)])));
      }),
  };
}

/** The psql script, run on a database of a test's server. */
export function postgresLoader(table: string, server: PostgresServer, database: string): KitLoader {
  return {
    name: "postgres",
    file: "load.postgres.sql",
    load: async (kit, inbox) => {
      const args = [server.url(database), "--no-psqlrc", "-v", `inbox=${inbox}`, "-f", join(kit, "load.postgres.sql")];
      const { code, stdout, stderr } = await execute("psql", args);
      return { ok: code === 0, said: `${code} ${stdout}${stderr}` };
    },
    killed: async (kit, inbox, folder) => {
      const lines = (await readFile(join(kit, "load.postgres.sql"), "utf8")).split("\n");
      const commit = lines.indexOf("COMMIT;");
      for (let length = commit; length > 20; length -= 20) {
        const script = await folder.write("stopped.sql", lines.slice(0, length).join("\n"));
        await execute("psql", [server.url(database), "--no-psqlrc", "-v", `inbox=${inbox}`, "-f", script]);
      }
    },
    rows: async () => {
      const [[columns = "[]"] = []] = await server.sql(
        `SELECT json_agg(attname ORDER BY attnum) FROM pg_attribute WHERE attrelid = '"${table}"'::regclass AND attnum > 0`,
        database,
      );
      const names = JSON.parse(columns ?? "[]") as readonly string[];
      const rows = await server.sql(`SELECT * FROM "${table}"`, database);
      return rows.map((row) => Object.fromEntries(row.map((text, at) => [names[at] ?? "", text])));
    },
  };
}
