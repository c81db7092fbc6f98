import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { stringify } from "csv-stringify";
import pg from "pg";
import Cursor from "pg-cursor";
import { QUERY } from "./bench-table.ts";

// The usual way in Node, for comparison: rows as objects through a cursor, then csv-stringify. Prints the rows and the seconds.
const [url = ""] = process.argv.slice(2);
const client = new pg.Client({ connectionString: url });
await client.connect();
const cursor = client.query(new Cursor<Record<string, unknown>>(QUERY));
let count = 0;
async function* rows(): AsyncGenerator<Record<string, unknown>> {
  for (;;) {
    const batch = await cursor.read(5000);
    if (batch.length === 0) return;
    count += batch.length;
    yield* batch;
  }
}
const start = performance.now();
await pipeline(Readable.from(rows()), stringify({ header: true }), createWriteStream("/dev/null"));
console.log(`${String(count)} ${String((performance.now() - start) / 1000)}`);
await client.end();
