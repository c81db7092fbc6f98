import { rename } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { COMMANDS } from "../../src/cli/command-table.ts";
import { SyncError } from "../../src/core/errors.ts";
import { demoProject } from "../support/demo-project.ts";
import { say } from "../support/fake-host.ts";
import type { TempFolder } from "../support/temp-folder.ts";

interface Document {
  readonly schema: unknown;
  readonly ok: unknown;
  readonly command: unknown;
  readonly data: Readonly<Record<string, unknown>>;
  readonly warnings: unknown;
  readonly error: unknown;
}

let folder: TempFolder;
const seen = new Set<string>();

beforeAll(async () => {
  folder = await demoProject();
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

async function ask(...args: readonly string[]): Promise<Document> {
  const { exit, stdout, stderr } = await say([...args, "--json", "-q"], { cwd: folder.path });
  expect({ exit, stdout, stderr }).toEqual({ exit: 0, stdout: expect.any(String), stderr: "" });
  const document = JSON.parse(stdout) as Document;
  expect(Object.keys(document)).toEqual(["schema", "ok", "command", "data", "warnings", "error"]);
  expect(document).toMatchObject({ schema: 1, ok: true, warnings: [], error: null });
  seen.add(String(document.command));
  return document;
}

/** The service, stopped as soon as it has started. */
async function serveBriefly(): Promise<Document> {
  const stop = new AbortController();
  const onStderr = (text: string): void => {
    if (text.includes("started with")) stop.abort(new SyncError("INTERRUPTED", "Enough."));
  };
  const { stdout, exit } = await say(["serve", "--port", "0", "--json"], { cwd: folder.path, signal: stop.signal, onStderr });
  expect(exit).toBe(0);
  const document = JSON.parse(stdout) as Document;
  seen.add(String(document.command));
  return document;
}

function keysOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(keysOf);
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, item]) => [key, ...keysOf(item)]);
}

const RUN = { run_id: expect.any(String), stream: "audiences", files: expect.any(Array), error: null };

// One story, because each command shows what the ones before it did.
test("every command answers --json with one document of the contract", { timeout: 60_000 }, async () => {
  await folder.write("empty/.keep", "");
  const documents = [
    await ask("init", "second"),
    await ask("validate"),
    await ask("ls"),
    await ask("kit", "audiences"),
    await ask("preview", "-m", "customers", "--limit", "2"),
    await ask("plan", "-m", "audiences"),
    await ask("run", "-m", "audiences"),
    await ask("status"),
    await ask("history"),
    await ask("verify"),
    await ask("doctor"),
    await ask("state", "reset", "-m", "audiences", "--yes"),
    await ask("state", "baseline", "-m", "audiences", "--yes"),
    await ask("explain", "USAGE"),
    await ask("completion", "bash"),
    await ask("version"),
    await ask("schedule"),
    await ask("pause", "-m", "audiences"),
    await ask("resume", "-m", "audiences"),
    await serveBriefly(),
  ];
  expect(documents[4]?.data).toMatchObject({
    streams: [{ stream: "customers", columns: expect.arrayContaining(["Id", "Name"]), rows: 2 }],
  });
  expect(documents[5]?.data).toMatchObject({
    plan_file: null,
    plans: [{ stream: "audiences", outcome: "deliver", generation: 1, counts: { added: 810 }, files: [{ change: "added", rows: 810 }] }],
  });
  expect(documents[6]?.data).toMatchObject({
    runs: [{ ...RUN, status: "delivered", generation: 1, added: 810, changed: 0, removed: 0 }],
  });
  expect(documents[7]?.data).toMatchObject({
    streams: [
      { stream: "audiences", state: "ok", generation: 1 },
      { stream: "customers", state: "new" },
    ],
  });
  expect(documents[8]?.data).toMatchObject({ runs: [RUN] });
  const [id = ""] = /01[0-9A-Z]{14}/.exec(JSON.stringify(documents[8]?.data)) ?? [];
  documents.push(await ask("show", id));
  expect(documents.at(-1)?.data).toMatchObject({ run: { run_id: id, generation: 1 } });

  await folder.write(
    "models/held.yaml",
    "source: warehouse\ndestination: partner\nquery: SELECT 1 AS id\nprimary_key: id\nguards: {min_rows: 2}\nfile: {folder: held}\n",
  );
  documents.push(await ask("row", "-m", "customers", "--key", "customer_id=17"));
  documents.push(await ask("replay", "-m", "audiences", "--generation", "1", "--to", "again"));
  documents.push(await ask("config", "show", "--origin"));
  documents.push(await ask("forget", "-m", "customers", "--key", "17", "--dry-run"), await ask("state", "prune", "--dry-run"));
  documents.push(await ask("state", "recover", "--yes"), await ask("state", "repair", "-m", "audiences", "--yes"));
  for (const [verb, status] of [
    ["reject", "rejected"],
    ["approve", "delivered"],
  ] as const) {
    expect((await say(["run", "-m", "held"], { cwd: folder.path })).exit).toBe(3);
    documents.push(await ask(verb, "-m", "held"));
    expect(documents.at(-1)?.data).toMatchObject({ runs: [{ stream: "held", status }] });
  }

  documents.push(await ask("new", "--table", "customers", "--key", "customer_id", "--dry-run"));
  documents.push(await ask("retire", "-m", "held", "--yes"), await ask("retire", "-m", "audiences", "--dry-run"));
  expect(documents.at(-2)?.data).toMatchObject({ runs: [{ stream: "held", status: "delivered", removed: 1 }] });
  documents.push(await ask("state", "copy", "--to", "elsewhere", "--yes"));
  // The tests below find a state where they look for it.
  await rename(folder.at(".sync"), folder.at("left"));
  await rename(folder.at("elsewhere"), folder.at(".sync"));

  for (const document of documents) {
    const odd = keysOf(document).filter((key) => !/^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/.test(key));
    expect({ command: document.command, odd }).toEqual({ command: document.command, odd: [] });
  }
  // `schema` shows a document that is not ours to rename, `iam` needs a destination on S3, `lint-file` a file; their own tests look at them.
  expect([...seen, "schema", "iam", "lint-file"].toSorted()).toEqual(COMMANDS.map((spec) => spec.name).toSorted());
});

test("a failed run has both its record and its error in the document", async () => {
  await folder.write("models/lost.yaml", "source: warehouse\ndestination: partner\ntable: nowhere\nprimary_key: [id]\n");
  const one = await say(["run", "-m", "lost", "--json", "-q"], { cwd: folder.path });
  expect(one.exit).toBe(5);
  expect(JSON.parse(one.stdout)).toMatchObject({
    ok: false,
    command: "run",
    data: { runs: [{ stream: "lost", status: "failed", error: { code: expect.any(String) } }] },
    error: { exit: 5, message: expect.any(String), hint: expect.any(String) },
  });
  const several = await say(["run", "-m", "lost", "customers", "--json", "-q"], { cwd: folder.path });
  expect(several.exit).toBe(8);
  expect(JSON.parse(several.stdout)).toMatchObject({
    ok: false,
    data: {
      runs: [
        { stream: "customers", status: "delivered" },
        { stream: "lost", status: "failed" },
      ],
    },
    error: { code: "RUNS_FAILED", exit: 8 },
  });
});
