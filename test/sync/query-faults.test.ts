import { expect, test } from "vitest";
import type { Stream } from "../../src/core/types.ts";
import { describeStream } from "../../src/sync/describe-stream.ts";
import { planStream } from "../../src/sync/plan-stream.ts";
import { previewStream } from "../../src/sync/preview-stream.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import { harness, testStream } from "../support/sync-harness.ts";
import { memoryFolder, tempFolder } from "../support/temp-folder.ts";

const never = new AbortController().signal;
const ASKED = { slot: null, fullResync: false, samples: 0, keep: false } as const;
const RUN = { slot: null, fullResync: false, baseline: false } as const;

function rows(broken: string): string {
  return `SELECT id, born::INTEGER AS born\nFROM (VALUES (1, '1990'), (2, '${broken}')) AS t(id, born)`;
}

test("a row that the query fails on ends preview, plan and run as the source's error, and the next run goes on", async () => {
  await using folder = await tempFolder(await memoryFolder());
  const deps = harness({ root: folder.path });
  expect(await runStream(deps, testStream(folder.path, rows("1980")), RUN, never)).toMatchObject({ error: null });
  const broken = testStream(folder.path, rows("SECRET"));
  const told = {
    code: "SOURCE_QUERY_FAILED",
    message: expect.not.stringContaining("SECRET"),
    context: { castOf: "born", kind: "Conversion" },
  };
  await expect(previewStream(deps, broken, 5, never)).rejects.toMatchObject(told);
  await expect(planStream(deps, broken, ASKED, never)).rejects.toMatchObject(told);
  const { error, record } = await runStream(deps, broken, RUN, never);
  expect(error).toMatchObject(told);
  expect(record.files).toEqual([]);
  const mended = await runStream(deps, testStream(folder.path, rows("1981")), RUN, never);
  expect(mended).toMatchObject({ error: null, record: { counts: { added: 0, changed: 1, removed: 0 } } });
});

function audiences(root: string, conditions: Readonly<Record<string, string>>, where?: string): Stream {
  const members = Object.entries(conditions).map(([name, condition]) => ({ name, condition }));
  const entitySql = "SELECT *\nFROM (VALUES (1, 'x'), (2, '7'))\n  AS t(id, tier)";
  return testStream(root, "", {
    query: {
      kind: "audiences",
      entitySql,
      entityKey: ["id"],
      members,
      file: "models/a.yaml",
      line: 1,
      ...(where === undefined ? {} : { where }),
    },
    primaryKey: ["id", "_audience"],
    changes: ["added", "removed"],
  });
}

test.each([undefined, "id > 0"])("a mistake in the condition of an audience names it, under the trigger %s too", async (where) => {
  await using folder = await tempFolder(await memoryFolder());
  const deps = harness({ root: folder.path });
  await using engine = await deps.openEngine(never);
  const described = async (conditions: Readonly<Record<string, string>>): Promise<unknown> => {
    const stream = audiences(folder.path, conditions, where);
    await using source = await deps.openSource(stream.source, { engine, stream: stream.name, run: "r1" }, never);
    return await describeStream(deps, source, stream, never);
  };
  const names = (audience: string): object => ({
    code: "SOURCE_QUERY_FAILED",
    message: expect.stringMatching(new RegExp(`^The condition of the audience "${audience}": DuckDB cannot describe`, "u")),
    context: { audience },
  });
  await expect(described({ one: "id = 1\n-- all\nAND true", two: "tire = 'x'", three: "true" })).rejects.toMatchObject(names("two"));
  await expect(described({ one: "id = 1", two: "true", three: "id\n  = 1 AND\n nope" })).rejects.toMatchObject(names("three"));
  await expect(described({ one: "id =", two: "true" })).rejects.toMatchObject(names("one"));
});

test("a row that the condition of an audience fails on names the audience, in a preview and in a run", async () => {
  await using folder = await tempFolder(await memoryFolder());
  const deps = harness({ root: folder.path });
  const stream = audiences(folder.path, { one: "id = 1", two: "CAST(tier AS INTEGER) > 3" });
  const told = { code: "SOURCE_QUERY_FAILED", message: expect.stringMatching(/^The condition of the audience "two": DuckDB cannot run/u) };
  await expect(previewStream(deps, stream, 5, never)).rejects.toMatchObject(told);
  expect((await runStream(deps, stream, RUN, never)).error).toMatchObject(told);
});

test("a mistake in what all audiences are taken from names none", async () => {
  await using folder = await tempFolder(await memoryFolder());
  const deps = harness({ root: folder.path });
  const { query, ...rest } = audiences(folder.path, { one: "id = 1" });
  if (query.kind !== "audiences") throw new Error("audiences were expected");
  const { error } = await runStream(deps, { ...rest, query: { ...query, entitySql: "SELECT *\nFROM nope" } }, RUN, never);
  expect(error).toMatchObject({
    code: "SOURCE_QUERY_FAILED",
    message: expect.stringMatching(/^DuckDB cannot describe the model's query/u),
  });
});
