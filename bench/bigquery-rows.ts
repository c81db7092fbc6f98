import { Writable } from "node:stream";
import { bigqueryOptionsSchema } from "../src/sources/bigquery/bigquery-options.ts";
import { openBigquerySource } from "../src/sources/bigquery/bigquery-source.ts";

// A process of its own: rows from the server to nowhere, through Google's client and the source and nothing else. Prints the rows and the seconds.
const [endpoint = ""] = process.argv.slice(2);
const { signal } = new AbortController();
const options = bigqueryOptionsSchema.parse({ type: "bigquery", project: "bench", api_endpoint: endpoint });
await using source = await openBigquerySource(options, { stream: "bench", run: "bench" }, signal);
const query = "SELECT * FROM bench";
const columns = await source.describe(query, signal);
const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
if (source.reading.shape !== "row_text") throw new Error("BigQuery writes row text");
const start = performance.now();
const { rows } = await source.reading.extract({ query, columns, keyCount: 1, ignoredCount: 0 }, nowhere, signal);
console.log(`${String(rows)} ${String((performance.now() - start) / 1000)}`);
