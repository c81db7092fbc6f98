import { Writable } from "node:stream";
import { postgresOptionsSchema } from "../src/sources/postgres/postgres-options.ts";
import { openPostgresSource } from "../src/sources/postgres/postgres-source.ts";
import { QUERY } from "./bench-table.ts";

// A process of its own: rows from the server to nowhere, through the source and nothing else. Prints the rows and the seconds.
const [url = ""] = process.argv.slice(2);
const { signal } = new AbortController();
await using source = await openPostgresSource(postgresOptionsSchema.parse({ type: "postgres", url }), { stream: "bench" }, signal);
const columns = await source.describe(QUERY, signal);
const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
if (source.reading.shape !== "row_text") throw new Error("Postgres writes row text");
const start = performance.now();
const { rows } = await source.reading.extract({ query: QUERY, columns, keyCount: 1, ignoredCount: 0 }, nowhere, signal);
console.log(`${String(rows)} ${String((performance.now() - start) / 1000)}`);
