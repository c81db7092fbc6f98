import { createReadStream } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { HeldFile } from "../../src/sync/adopt-files.ts";
import { adoptStream } from "../../src/sync/run-many.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import { filesBelow, programAt } from "../support/held-files.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const signal = AbortSignal.timeout(240_000);
const run = { slot: null, fullResync: false, baseline: false };

let root: TempFolder;
beforeEach(async () => {
  root = await tempFolder();
});
afterEach(() => root[Symbol.asyncDispose]());

async function written(name: string, text: string | Buffer): Promise<HeldFile> {
  const path = await root.write(name, text);
  return { name, open: () => Promise.resolve(createReadStream(path)) };
}

const NOW = "SELECT * FROM (VALUES (1, 'a', '1'), (2, 'b', '2'), (3, NULL, '3'), (4, 'd', '4')) AS t(id, name, seen)";

test("only what differs from a file is sent, removed rows with the values of the file", async () => {
  const { deps, stream, out } = programAt(root.path);
  const users = stream(NOW, { ignoreChangesIn: ["seen"] });
  const file = await written("held.csv", 'id,name,seen\n1,a,9\n2,B,2\n3,"",3\n9,"gone, since",8\n');
  const { error, record } = await adoptStream(deps, users, [file], signal);
  expect({ error, record }).toMatchObject({
    error: null,
    record: { status: "baselined", counts: { snapshotAfter: 4, unchanged: 1, current: 4 } },
  });
  const next = await runStream(deps, users, run, signal);
  expect(next).toMatchObject({ error: null, record: { generation: 1, counts: { added: 1, changed: 2, removed: 1 } } });
  const [removed] = await filesBelow(out).then((files) => files.filter(({ name }) => name.includes("removed")));
  const bytes = await removed?.open(signal);
  expect(Buffer.concat((await bytes?.toArray()) as Buffer[]).toString()).toBe('id,name,seen\n9,"gone, since",8\n');
  expect(await adoptStream(deps, users, [file], signal)).toMatchObject({ error: { code: "BASELINE_REFUSED" } });
});

test("several files are one table, line ends and a missing last one are taken as they are", async () => {
  const { deps, stream } = programAt(root.path);
  const files = [await written("1.csv", "\ufeffid,name,seen\r\n1,a,1\r\n2,b,2\r\n"), await written("2.csv", "id,name,seen\n3,,3\n4,d,4")];
  const { error, record } = await adoptStream(deps, stream(NOW), files, signal);
  expect({ error, warnings: record.warnings }).toEqual({ error: null, warnings: [expect.stringContaining("2.csv line 3")] });
  expect((await runStream(deps, stream(NOW), run, signal)).record.status).toBe("unchanged");
});

const UNFIT: readonly (readonly [string, string, string])[] = [
  ["a row has too few fields", "id,name,seen\n1,a,1\n2,secret\n", "u.csv line 3: it has 2 fields where there are 3 columns"],
  ["a key is NULL", "id,name,seen\n1,a,1\n,secret,2\n", "u.csv line 3: the primary key is NULL"],
  ["a key stands twice", "id,name,seen\n1,secret,1\n2,b,1\n1,c,1\n", "u.csv line 2: its primary key stands in u.csv line 4 again"],
];

test.each(UNFIT)("a file in which %s is refused with its line and no value, and nothing is taken over", async (_, text, message) => {
  const { deps, stream } = programAt(root.path);
  const { error, record } = await adoptStream(deps, stream(NOW), [await written("u.csv", text)], signal);
  expect(error).toMatchObject({ code: "FILE_UNFIT", message: expect.stringContaining(message) });
  expect(JSON.stringify(record)).not.toContain("secret");
  expect((await runStream(deps, stream(NOW), run, signal)).record).toMatchObject({ generation: 1, counts: { added: 4 } });
});

test("a key that files show only hashed is refused", async () => {
  const { deps, stream } = programAt(root.path);
  const columns = [{ name: "id", value: { from: "column", column: "id" }, steps: [{ step: "apply", name: "sha256" }] }] as const;
  expect(await adoptStream(deps, stream(NOW, { columns }), [await written("u.csv", "id\nx\n")], signal)).toMatchObject({
    error: { code: "BASELINE_REFUSED" },
  });
});
