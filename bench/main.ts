import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startPostgres, type PostgresServer } from "../test/support/postgres/postgres-server.ts";
import { tempFolder, type TempFolder } from "../test/support/temp-folder.ts";
import { type MeasuredRun, runProgram, writeProject } from "./bench-project.ts";
import { changeTable, makeTable, QUERY } from "./bench-table.ts";
import { type DriverEntry, measureDrivers } from "./measure-drivers.ts";
import { type Measured, measureProcess } from "./measure-process.ts";
import { measureStartup } from "./measure-startup.ts";
import { measureUploads, type UploadEntry } from "./measure-uploads.ts";
import { type Entry, type Report, reportText } from "./report.ts";
import { type ReceivingS3, startReceivingS3 } from "./start-receiving-s3.ts";

const USAGE =
  "npm run bench -- [--rows 200000] [--limits 1GB,150MB] [--megabytes 500] [--rounds 3] [--driver-rows 200000,2000000] [--only parts,runs,uploads,drivers,startup] [--json]\nThe numbers of docs/benchmarks.md: --rows 5000000";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "200000" },
    limits: { type: "string", default: "1GB,150MB" },
    megabytes: { type: "string", default: "500" },
    rounds: { type: "string", default: "3" },
    "driver-rows": { type: "string", default: "200000,2000000" },
    only: { type: "string", default: "parts,runs,uploads,drivers,startup" },
    json: { type: "boolean", default: false },
  },
});
const rows = Number(values.rows);
if (!Number.isSafeInteger(rows) || rows < 1000) throw new Error(`--rows is a number from 1000\n${USAGE}`);
const megabytes = Number(values.megabytes);
// Less goes in one PUT, which is not what is compared.
if (!Number.isSafeInteger(megabytes) || megabytes < 70) throw new Error(`--megabytes is a number from 70\n${USAGE}`);

// Each way of sending is measured so often, and told at its best.
const rounds = Number(values.rounds);
if (!Number.isSafeInteger(rounds) || rounds < 1) throw new Error(`--rounds is a number from 1\n${USAGE}`);

const driverRows = values["driver-rows"].split(",").map(Number);
if (!driverRows.every((size) => Number.isSafeInteger(size) && size > 0))
  throw new Error(`--driver-rows are numbers with commas between\n${USAGE}`);

const only = values.only.split(",");
if (!only.every((name) => ["parts", "runs", "uploads", "drivers", "startup"].includes(name)))
  throw new Error(`--only names parts of it\n${USAGE}`);

/** A measured piece of work before its ratio is known. */
type Raw = Omit<Entry, "ratio">;

const SETTINGS = { shared_buffers: "1GB", max_wal_size: "8GB", checkpoint_timeout: "1h", jit: "off", work_mem: "64MB" };
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

function say(text: string): void {
  if (!values.json) process.stderr.write(`${text}\n`);
}

/** psql against the server; `shell` goes on after the COPY's output. */
async function psql(server: PostgresServer, format: string, shell: string): Promise<Measured> {
  const copy = `psql -qX -h ${server.host} -p ${server.port} -U ${server.user} -d postgres -c "COPY (${QUERY}) TO STDOUT${format}"`;
  return await measureProcess("bash", ["-c", `set -o pipefail; ${copy} ${shell}`]);
}

async function baseline(server: PostgresServer, when: string): Promise<Raw> {
  const { seconds } = await psql(server, " (FORMAT csv)", "> /dev/null");
  say(`psql ${when}: ${seconds.toFixed(2)} s`);
  return { work: `psql COPY … csv > /dev/null, ${when}`, seconds, peakBytes: null, rows };
}

/** Between two baselines, so that a machine that slows down meanwhile shows. */
async function between(server: PostgresServer, group: string, work: () => Promise<readonly Raw[]>): Promise<readonly Entry[]> {
  const before = await baseline(server, `before ${group}`);
  const done = await work();
  const after = await baseline(server, `after ${group}`);
  const limit = (before.seconds + after.seconds) / 2;
  return [before, ...done, after].map((raw) => ({ ...raw, ratio: raw.seconds / limit }));
}

/** The output is the number of rows, and the seconds of the work itself where the start of Node is not what is measured. */
function child(work: string, measured: Measured, expected: number): Raw {
  const [found, seconds] = measured.stdout.trim().split(" ");
  if (Number(found) !== expected) throw new Error(`${work}: ${String(found)} rows instead of ${expected}`);
  return { work, seconds: seconds === undefined ? measured.seconds : Number(seconds), peakBytes: measured.peakBytes, rows: expected };
}

/** The extraction alone, and what one would do without this program. */
async function parts(server: PostgresServer, folder: TempFolder): Promise<readonly Raw[]> {
  const node = async (name: string): Promise<Measured> =>
    await measureProcess(process.execPath, ["--import", "tsx", script(name), server.url()]);
  const extract = child("extract only > nowhere", await node("extract-only.ts"), rows);
  const cursor = child("pg-cursor + csv-stringify > /dev/null", await node("cursor-rows.ts"), rows);
  const sorted = `| LC_ALL=C sort -S 512M --parallel=2 -T ${folder.path} >`;
  await psql(server, "", `${sorted} ${folder.at("old.txt")}`);
  const compare = `LC_ALL=C comm -3 ${folder.at("old.txt")} ${folder.at("new.txt")} | wc -l`;
  const comm = child("psql COPY | sort | comm (unchanged)", await psql(server, "", `${sorted} ${folder.at("new.txt")} && ${compare}`), 0);
  // What bash takes is not what psql, sort and comm take.
  return [extract, cursor, { ...comm, rows, peakBytes: null }];
}

function whole(work: string, run: MeasuredRun, expected: Pick<MeasuredRun, "added" | "changed" | "removed">): Raw {
  const found = { added: run.added, changed: run.changed, removed: run.removed };
  const wanted = { added: expected.added, changed: expected.changed, removed: expected.removed };
  if (JSON.stringify(found) !== JSON.stringify(wanted))
    throw new Error(`${work}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
  const phases = Object.fromEntries(run.phases.filter(({ ms }) => ms >= 5).map(({ phase, ms }) => [phase, ms / 1000]));
  return { work, seconds: run.seconds, peakBytes: run.peakBytes, rows: expected.added + expected.changed + expected.removed, phases };
}

/** Whole runs of the built program: first, nothing changed, 1.4 % changed. */
async function runs(
  server: PostgresServer,
  folder: TempFolder,
  s3: ReceivingS3,
  limit: string,
  round: number,
  present: number,
): Promise<{ readonly raws: readonly Raw[]; readonly present: number }> {
  const project = await writeProject(folder, server.url(), s3, limit);
  const first = whole(`first run, engine ${limit}`, await runProgram(project), { added: present, changed: 0, removed: 0 });
  const none = whole(`run without changes, engine ${limit}`, await runProgram(project), { added: 0, changed: 0, removed: 0 });
  const changes = await changeTable(server, rows, round);
  const delta = whole(`run with 1.4 % changed, engine ${limit}`, await runProgram(project), changes);
  return { raws: [first, none, delta], present: present + changes.added - changes.removed };
}

/** Everything that is measured against a Postgres server. */
async function warehouse(folder: TempFolder): Promise<readonly Entry[]> {
  await using server = await startPostgres({ settings: SETTINGS });
  await using s3 = await startReceivingS3();
  say(`making ${rows.toLocaleString("en")} rows`);
  await makeTable(server, rows);
  await psql(server, " (FORMAT csv)", "> /dev/null");
  const entries: Entry[] = [];
  if (only.includes("parts")) entries.push(...(await between(server, "the parts", async () => await parts(server, folder))));
  let present = rows;
  for (const [at, limit] of only.includes("runs") ? values.limits.split(",").entries() : []) {
    const group = await between(server, `engine ${limit}`, async () => {
      const done = await runs(server, folder, s3, limit, at + 1, present);
      present = done.present;
      return done.raws;
    });
    entries.push(...group);
  }
  return entries;
}

async function uploads(folder: TempFolder): Promise<readonly UploadEntry[]> {
  say(`sending ${megabytes} MB to S3`);
  return await measureUploads(folder, megabytes * 1_000_000, rounds);
}

async function drivers(): Promise<readonly DriverEntry[]> {
  say(`reading ${driverRows.join(" and ")} rows through drivers`);
  return await measureDrivers(driverRows);
}

await using folder = await tempFolder();
const report: Report = {
  rows,
  node: process.versions.node,
  cpus: cpus().length,
  entries: only.includes("parts") || only.includes("runs") ? await warehouse(folder) : [],
  uploads: only.includes("uploads") ? await uploads(folder) : [],
  drivers: only.includes("drivers") ? await drivers() : [],
  startup: only.includes("startup") ? await measureStartup(folder, rounds) : [],
};
console.log(values.json ? JSON.stringify(report) : reportText(report));
