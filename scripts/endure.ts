import { spawn, type ChildProcess } from "node:child_process";
import { readdir, readFile, readlink, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { BUILT_CLI } from "../test/support/execute.ts";
import { startPostgres } from "../test/support/postgres/postgres-server.ts";
import { s3Project, STATE_BUCKET, type S3Project, type S3ProjectSetup } from "../test/support/s3/s3-project.ts";

// `npm run endure -- --seconds 300 [--postgres]`: real processes serve a schedule of every second over one state root in a bucket, while the table is
// edited. One host lives through all of it, its memory, files and sockets being watched; the other is killed and started anew again
// and again; both clocks jump three days in the middle. In the end a consumer holds the table, and no slot was delivered twice.

const { values } = parseArgs({ options: { seconds: { type: "string", default: "120" }, postgres: { type: "boolean", default: false } } });
const MS = Number(values.seconds) * 1000;
const LONGEST_WAIT_MS = 120_000;
const JUMP_MS = 3 * 86_400_000;

// Shifts what a process takes for the time by what a file says.
const SHIFTED_CLOCK = (file: string): string => `
import { readFileSync } from "node:fs";
const RealDate = Date;
let shift = 0, looked = 0;
const now = () => {
  if (RealDate.now() - looked > 500) {
    looked = RealDate.now();
    try { shift = Number(readFileSync(${JSON.stringify(file)}, "utf8")) || 0; } catch {}
  }
  return RealDate.now() + shift;
};
globalThis.Date = class extends RealDate {
  constructor(...given) { if (given.length === 0) super(now()); else super(...given); }
  static now() { return now(); }
};`;

interface Sample {
  readonly rss: number;
  readonly files: number;
  readonly sockets: number;
}

function start(cwd: string, hook: string): ChildProcess {
  const args = ["--import", hook, BUILT_CLI, "serve", "--quiet", "--port", "0"];
  const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "ignore", "pipe"] });
  child.stderr?.on("data", (text: Buffer) => {
    const told = text.toString();
    if (/INTERNAL|DAMAGED|MISMATCH|FOREIGN|Error:/.test(told)) console.error(told);
  });
  return child;
}

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  return await new Promise((resolve) => child.once("exit", resolve));
}

async function sample({ pid }: ChildProcess): Promise<Sample> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const links = await Promise.all((await readdir(`/proc/${pid}/fd`)).map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => "")));
  const sockets = links.filter((link) => link.startsWith("socket:")).length;
  return { rss: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024, files: links.length - sockets, sockets };
}

/** The table that is edited: a CSV file, or one in a Postgres server that is started for it. */
interface EditedTable extends AsyncDisposable {
  readonly setup: Pick<S3ProjectSetup, "source" | "query">;
  /** Replaces all rows at once. */
  set(project: S3Project, table: Readonly<Record<string, string>>): Promise<void>;
}

function csvTable(): EditedTable {
  return {
    setup: {},
    set: async (project, table) => {
      const path = project.folder.at("users.csv");
      const lines = Object.entries(table).map(([id, name]) => `${id},${name}\n`);
      await writeFile(`${path}.new`, `id,name\n${lines.join("")}`);
      await rename(`${path}.new`, path);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function postgresTable(): Promise<EditedTable> {
  const server = await startPostgres();
  await server.sql("CREATE TABLE users (id text PRIMARY KEY, name text)");
  return {
    setup: { source: { type: "postgres", url: server.url() }, query: "SELECT id, name FROM users" },
    set: async (_project, table) => {
      const rows = Object.entries(table).map(([id, name]) => `('${id}', '${name}')`);
      // Several statements in one message are one transaction.
      await server.sql(`DELETE FROM users; INSERT INTO users VALUES ${rows.join(", ")}`);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function edit(edited: EditedTable, project: S3Project, turn: number): Promise<Readonly<Record<string, string>>> {
  const table = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`u${at}`, String((turn * (at + 1)) % 7)]));
  if (turn % 3 === 0) table[`extra${turn % 11}`] = "here";
  await edited.set(project, table);
  return table;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

function most(numbers: readonly number[]): number {
  return Math.max(0, ...numbers);
}

async function main(): Promise<void> {
  await using edited = values.postgres ? await postgresTable() : csvTable();
  await using project = await s3Project(edited.setup);
  const model = (folder: string): string =>
    JSON.stringify({
      source: "files",
      destination: "partner",
      query: edited.setup.query ?? `SELECT * FROM read_csv('${project.folder.at("users.csv")}', header = true, all_varchar = true)`,
      primary_key: ["id"],
      guards: "off",
      schedule: folder,
    });
  const folders = [await project.host("steady"), await project.host("mortal")] as const;
  for (const folder of folders) await writeFile(join(folder, "models/users.yaml"), model("* * * * * *"));
  const shift = project.folder.at("shift");
  const hook = project.folder.at("clock.mjs");
  await writeFile(shift, "0");
  await writeFile(hook, SHIFTED_CLOCK(shift));
  let table = await edit(edited, project, 0);
  const steady = start(folders[0], hook);
  let mortal = start(folders[1], hook);
  const samples: Sample[] = [];
  let [kills, jumped] = [0, false];
  const began = Date.now();
  for (let turn = 1; Date.now() - began < MS; turn += 1) {
    await sleep(400);
    table = await edit(edited, project, turn);
    if (steady.exitCode !== null) throw new Error(`the steady host ended with ${steady.exitCode}`);
    if (turn % 5 === 0) samples.push(await sample(steady));
    if (turn % 17 === 0) {
      mortal.kill(turn % 34 === 0 ? "SIGTERM" : "SIGKILL");
      await ended(mortal);
      mortal = start(folders[1], hook);
      kills += 1;
    }
    if (!jumped && Date.now() - began > MS / 2) {
      await writeFile(shift, String(JUMP_MS));
      jumped = true;
    }
  }
  const arrivedMs = await untilArrived(project, table);
  steady.kill("SIGTERM");
  mortal.kill("SIGTERM");
  const ends = await Promise.all([ended(steady), ended(mortal)]);
  await report(project, { table, arrivedMs, samples, kills, ends });
}

/** Waits until a consumer holds the last edit, and tells how long that took; null: it never came. */
async function untilArrived(project: S3Project, table: Readonly<Record<string, string>>): Promise<number | null> {
  const began = Date.now();
  while (Date.now() - began < LONGEST_WAIT_MS) {
    await sleep(500);
    if (JSON.stringify(sorted(await project.consumed())) === JSON.stringify(sorted(table))) return Date.now() - began;
  }
  return null;
}

interface Endured {
  readonly table: Readonly<Record<string, string>>;
  readonly arrivedMs: number | null;
  readonly samples: readonly Sample[];
  readonly kills: number;
  readonly ends: readonly (number | null)[];
}

async function report(project: S3Project, { table, arrivedMs, samples, kills, ends }: Endured): Promise<void> {
  const last = await project.say("steady", ["status", "--json"]);
  const consumed = await project.consumed();
  const slots = await plannedSlots(project);
  const quarter = Math.floor(samples.length / 4);
  const [early, late] = [samples.slice(quarter, 2 * quarter), samples.slice(-quarter)];
  const rss = [median(early.map((one) => one.rss)), median(late.map((one) => one.rss))] as const;
  const files = [most(early.map((one) => one.files)), most(late.map((one) => one.files))] as const;
  const sockets = [most(early.map((one) => one.sockets)), most(late.map((one) => one.sockets))] as const;
  console.log({ arrivedMs, kills, ends, generations: slots.length, rssMiB: rss.map(Math.round), files, sockets });
  const checks: Readonly<Record<string, boolean>> = {
    "a consumer holds the table": JSON.stringify(sorted(consumed)) === JSON.stringify(sorted(table)),
    "no slot was delivered twice": new Set(slots).size === slots.length,
    // Loosely, for the sake of slow machines: most of the time goes into starting what was killed.
    "slots were delivered all along": slots.length > MS / 20_000,
    "slots after the jump were run": most(slots.map((slot) => Date.parse(slot))) > Date.now() + JUMP_MS / 2,
    "both hosts stopped when they were told to": ends.every((code) => code === 0 || code === 143),
    "memory is flat": rss[1] < rss[0] * 1.3 + 20,
    "files and sockets do not grow": files[1] <= files[0] + 4 && sockets[1] <= sockets[0] + 6,
    "the state can be read": last.exit === 0,
  };
  for (const [check, holds] of Object.entries(checks)) console.log(`${holds ? "ok  " : "FAIL"}  ${check}`);
  if (Object.values(checks).includes(false)) process.exitCode = 1;
}

/** The slot of each generation, as the plans in the state's bucket name them. */
async function plannedSlots(project: S3Project): Promise<readonly string[]> {
  const bucket = project.server.buckets.get(STATE_BUCKET);
  const slots: string[] = [];
  for (const [key, object] of bucket.objects) {
    if (!/\/plans\/\d+\.json$/.test(key)) continue;
    const plan: { readonly slot: string } = JSON.parse(object.bytes.toString("utf8"));
    slots.push(plan.slot);
  }
  return slots;
}

function sorted(table: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(table).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

await main();
