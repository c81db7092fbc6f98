// Runs random histories of the commit protocol for as long as one likes:
//   npm run soak -- --histories 10000 [--seed 1] [--minutes 30] [--jobs 2] [--commands 12] [--path P]
import { fork } from "node:child_process";
import { access, constants, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runHistories } from "../test/histories/run-history.ts";

/** Histories of one seed: few enough that a failing seed is soon run again. */
const BATCH = 250;
const TOLD_EACH_MS = 10_000;

const { values } = parseArgs({
  options: {
    histories: { type: "string", default: "10000" },
    commands: { type: "string", default: "12" },
    seed: { type: "string", default: "1" },
    minutes: { type: "string" },
    jobs: { type: "string", default: "1" },
    /** Begins with the history at this path of the seed, as a failure tells it. */
    path: { type: "string" },
    /** Of several processes: which of the batches are this one's. */
    worker: { type: "string" },
  },
});

const total = Number(values.histories);
const jobs = Number(values.jobs);
const batches = values.path === undefined ? Math.ceil(total / BATCH) : 1;
const started = performance.now();
const deadline = values.minutes === undefined ? Infinity : started + Number(values.minutes) * 60_000;

/** Runs this process's batches; resolves to false when one failed. */
async function work(worker: number, tell: (done: number) => void): Promise<boolean> {
  const memory = await access("/dev/shm", constants.W_OK).then(
    () => "/dev/shm",
    () => tmpdir(),
  );
  const scratch = await mkdtemp(join(memory, "spillway-soak-"));
  try {
    for (let batch = worker; batch < batches && performance.now() < deadline; batch += jobs) {
      const seed = Number(values.seed) + batch;
      const histories = Math.min(BATCH, total - batch * BATCH);
      // What follows the first number led to a shorter history; without the commands that ran it leads nowhere, so it is looked for anew.
      const path = values.path === undefined ? {} : { path: values.path.split(":")[0] ?? "0" };
      await runHistories({ histories, seed, scratch, commands: Number(values.commands), ...path });
      tell(histories);
    }
    return true;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    if (error instanceof Error && error.cause instanceof Error) process.stderr.write(`${error.cause.stack ?? ""}\n`);
    process.stderr.write("Again: npm run soak -- --seed SEED --path PATH, with the seed and the path told above.\n");
    return false;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Runs all batches in several processes of this program. */
async function spread(tell: (done: number) => void): Promise<boolean> {
  const ended = Array.from(
    { length: jobs },
    (_, worker) =>
      new Promise<boolean>((resolve) => {
        const child = fork(fileURLToPath(import.meta.url), [...process.argv.slice(2), "--worker", String(worker)]);
        child.on("message", (done) => tell(Number(done)));
        child.on("exit", (code) => resolve(code === 0));
      }),
  );
  return (await Promise.all(ended)).every(Boolean);
}

if (values.worker !== undefined) {
  const fine = await work(Number(values.worker), (histories) => process.send?.(histories));
  process.disconnect?.();
  process.exitCode = fine ? 0 : 1;
} else {
  let done = 0;
  let told = started;
  const tell = (histories: number): void => {
    done += histories;
    if (performance.now() - told < TOLD_EACH_MS) return;
    told = performance.now();
    process.stderr.write(`${done} of ${total} histories went well, ${((told - started) / 1000).toFixed(0)} s\n`);
  };
  const fine = jobs > 1 ? await spread(tell) : await work(0, tell);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  process.stdout.write(`${fine ? "ok" : "FAILED"}: ${done} histories went well in ${seconds} s, seeds from ${values.seed}\n`);
  process.exitCode = fine ? 0 : 1;
}
