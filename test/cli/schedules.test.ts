import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { cliProject, type CliProject } from "../support/cli-project.ts";
import { BUILT_CLI } from "../support/execute.ts";
import { say, type Said } from "../support/fake-host.ts";
import { setClock } from "../support/service-world.ts";

const MODEL = `source: files
destination: out
query: SELECT * FROM read_csv('users.csv', header = true, all_varchar = true)
primary_key: [id]
guards: off
file: {folder: "{scheduled_at:%Y-%m-%d_%H%M}"}
`;

interface Scheduled {
  readonly project: CliProject;
  readonly clock: ReturnType<typeof setClock>;
  /** What a command says; warnings and errors after what it prints. */
  ask(...args: readonly string[]): Promise<Said>;
}

async function scheduledProject(schedule: string, start: string): Promise<Scheduled & AsyncDisposable> {
  const project = await cliProject();
  await project.folder.write("models/users.yaml", `${MODEL}schedule: ${schedule}\n`);
  const clock = setClock(start);
  const env = { USER: "anna" };
  return {
    project,
    clock,
    ask: (...args) => say([...args, "-q"], { cwd: project.folder.path, clock, env }),
    [Symbol.asyncDispose]: () => project[Symbol.asyncDispose](),
  };
}

test("schedule lists coming slots, and marks days on which clocks are changed", async () => {
  await using there = await scheduledProject('{cron: "30 2 * * *", timezone: Europe/Berlin}', "2026-10-23T12:00:00Z");
  expect((await there.ask("schedule", "--next", "3")).stdout).toMatchInlineSnapshot(`
    "STREAM  TIME                     ZONE           UTC                   NOTE
    users   Sat 2026-10-24 02:30:00  Europe/Berlin  2026-10-24T00:30:00Z
    users   Sun 2026-10-25 02:30:00  Europe/Berlin  2026-10-25T00:30:00Z  the clocks show this time twice
    users   Mon 2026-10-26 02:30:00  Europe/Berlin  2026-10-26T01:30:00Z
    "
  `);
  there.clock.set("2026-03-28T12:00:00Z");
  const { stdout } = await there.ask("schedule", "--next", "2", "--json");
  expect(JSON.parse(stdout).data.slots).toMatchObject([
    {
      stream: "users",
      at: "2026-03-29T01:00:00.000Z",
      wall: "2026-03-29T02:30:00",
      zone: "Europe/Berlin",
      clocks: "skipped",
      paused: false,
    },
    { at: "2026-03-30T00:30:00.000Z", clocks: null },
  ]);
});

test("slots that carry a checkpoint are marked, the first one that comes after each slot of it, and run --due delivers them", async () => {
  await using there = await scheduledProject('"0 6 * * *"\ncheckpoint: "0 5 * * 3"', "2026-03-02T12:00:00Z");
  await there.project.set({ a: "1" });
  await there.ask("run", "--due");
  there.clock.set("2026-03-03T06:00:00Z");
  await there.ask("run", "--due");
  const { stdout } = await there.ask("schedule", "--next", "3");
  expect(stdout.match(/.*UTC.*Z.*checkpoint/g)?.map((line) => line.replaceAll(/ +/g, " "))).toEqual([
    "users Wed 2026-03-04 06:00:00 UTC 2026-03-04T06:00:00Z checkpoint",
  ]);
  expect(JSON.parse((await there.ask("ls", "--json")).stdout).data.streams).toMatchObject([
    { checkpoint: { cron: "0 5 * * 3", timezone: "UTC", next: { at: "2026-03-04T05:00:00.000Z" } } },
  ]);
  expect((await there.ask("ls")).stdout).toContain("0 6 * * *, checkpoint 0 5 * * 3");
  there.clock.set("2026-03-04T06:00:30Z");
  expect((await there.ask("run", "--due")).stdout).toMatch(/gen 2 · checkpoint · delivered[\s\S]*full +1 /);
  there.clock.set("2026-03-05T06:00:00Z");
  expect((await there.ask("run", "--due")).stdout).toContain("unchanged");
  const refused = await there.ask("run", "--due", "--checkpoint");
  expect(refused).toMatchObject({ exit: 2 });
});

test("a schedule is paused until a time or until it is resumed, and schedule and status say so", async () => {
  await using there = await scheduledProject('"0 6 * * *"', "2026-03-02T12:00:00Z");
  const paused = await there.ask("pause", "-m", "users", "--until", "2026-03-04T00:00:00Z", "--reason", "audit");
  expect(paused.stdout).toMatch(/^users {2}paused until 2026-03-04 00:00Z \(anna@\S+: audit\)\n$/);
  expect((await there.ask("schedule", "--next", "2")).stdout).toMatch(
    /2026-03-03 06:00:00.*paused until[\s\S]*2026-03-04 06:00:00 {2}UTC {3}2026-03-04T06:00:00Z *\n/,
  );
  expect((await there.ask("status")).stdout).toMatch(/NEXT[\s\S]*paused until 2026-03-04/);
  expect((await there.ask("resume", "-m", "users")).stdout).toBe("users  goes on with its next slot\n");
  expect((await there.ask("resume", "-m", "users")).stdout).toBe("users  was not paused\n");
  expect((await there.ask("status")).stdout).toContain("2026-03-03 06:00 UTC");
  for (const until of ["tomorrow", "2026-03-04T00:00:00", "2026-03-01T00:00:00Z"]) {
    expect(await there.ask("pause", "-m", "users", "--until", until)).toMatchObject({ exit: 2, stdout: "" });
  }
});

test("run --due runs each slot once, names its day in the schedule's zone, and makes up for what was missed once", async () => {
  await using there = await scheduledProject('{cron: "30 0 * * *", timezone: Europe/Berlin}', "2026-03-02T12:00:00Z");
  await there.project.set({ a: "1" });
  expect(await there.ask("run", "--due")).toMatchObject({
    exit: 0,
    stdout: expect.stringContaining("Nothing is due. Next: users at 2026-03-03 00:30"),
  });
  there.clock.set("2026-03-02T23:31:00Z");
  expect((await there.ask("run", "--due")).stdout).toContain("gen 1 · delivered");
  expect((await there.ask("run", "--due")).stdout).toContain("Nothing is due");
  await there.project.set({ a: "2" });
  there.clock.set("2026-03-06T12:00:00Z");
  expect((await there.ask("run", "--due")).stdout).toContain("gen 2 · delivered");
  expect((await readdir(there.project.folder.at("out"))).toSorted()).toEqual(
    expect.arrayContaining(["2026-03-03_0030", "2026-03-06_0030"]),
  );
  expect(await there.project.consumed()).toEqual({ a: "2" });
  await there.ask("pause", "--all", "--until", "2026-03-07T12:00:00Z");
  there.clock.set("2026-03-07T13:00:00Z");
  const { stderr } = await there.ask("run", "--due");
  expect(stderr).toContain("The slot 2026-03-07 00:30 Europe/Berlin of users is left out: it was paused.");
  expect(await there.ask("run", "--due", "--slot", "2026-03-07T00:00:00Z")).toMatchObject({ exit: 2 });
});

test(
  "the service is killed and started anew, keeps its configuration when a new one is broken, and stops when it is told to",
  {
    timeout: 120_000,
  },
  async () => {
    await using there = await scheduledProject('"* * * * * *"', "2026-03-02T12:00:00Z");
    await there.project.set({ a: "1" });
    await using first = serve(there.project);
    await first.says(/delivered generation 1 /);
    first.child.kill("SIGKILL");
    await first.ended;
    await there.project.set({ a: "2" });
    await using second = serve(there.project);
    await second.says(/delivered generation 2 /);
    await there.project.folder.write("models/users.yaml", `${MODEL}schedule: "* * *"\n`);
    second.child.kill("SIGHUP");
    await second.says(/CONFIGURATION IS BROKEN[\s\S]*models\/users\.yaml:7:11 a cron expression has 5 or 6 fields/);
    await there.project.set({ a: "3" });
    await second.says(/delivered generation 3 /);
    second.child.kill("SIGTERM");
    expect(await second.ended).toBe(0);
    expect(second.said()).toMatch(/ {2}stopped\n$/);
    expect(await there.project.consumed()).toEqual({ a: "3" });
  },
);

interface Serving extends AsyncDisposable {
  readonly child: ReturnType<typeof spawn>;
  readonly ended: Promise<number | null>;
  said(): string;
  /** Waits until it has said so. */
  says(what: RegExp): Promise<void>;
}

function serve(project: CliProject): Serving {
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined };
  const child = spawn(process.execPath, [BUILT_CLI, "serve", "--port", "0"], {
    cwd: project.folder.path,
    stdio: ["ignore", "ignore", "pipe"],
    env,
  });
  let text = "";
  let look: () => void = () => undefined;
  child.stderr.on("data", (more: Buffer) => {
    text += more.toString();
    look();
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return {
    child,
    ended,
    said: () => text,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended;
    },
    says: async (what) => {
      await Promise.race([
        new Promise<void>((resolve) => {
          look = () => {
            if (what.test(text)) resolve();
          };
          look();
        }),
        ended.then(() => {
          throw new Error(`the service ended without saying ${what}:\n${text}`);
        }),
      ]);
    },
  };
}
