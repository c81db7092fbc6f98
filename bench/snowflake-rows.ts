import { Writable } from "node:stream";
import { snowflakeOptionsSchema } from "../src/sources/snowflake/snowflake-options.ts";
import { openSnowflakeSource } from "../src/sources/snowflake/snowflake-source.ts";

// A process of its own: rows from the server to nowhere, through Snowflake's client and the source and nothing else. Prints the rows and the seconds.
const [endpoint = ""] = process.argv.slice(2);
process.env["SNOWFLAKE_DISABLE_PLATFORM_DETECTION"] = "true";
process.env["SNOWFLAKE_DISABLE_MINICORE"] = "true";
process.env["SF_TELEMETRY_DISABLE_CONNECTION_SHAPE"] = "true";
const { signal } = new AbortController();
const options = snowflakeOptionsSchema.parse({
  type: "snowflake",
  account: "bench",
  access_url: endpoint,
  username: "bench",
  token: "bench",
  unload_above_rows: "off",
});
await using source = await openSnowflakeSource(options, { stream: "bench", run: "bench", scratch: "." }, signal);
const query = "SELECT * FROM bench";
const columns = await source.describe(query, signal);
const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
if (source.reading.shape !== "row_text") throw new Error("Snowflake writes row text");
const start = performance.now();
const { rows } = await source.reading.extract({ query, columns, keyCount: 1, ignoredCount: 0 }, nowhere, signal);
console.log(`${String(rows)} ${String((performance.now() - start) / 1000)}`);
