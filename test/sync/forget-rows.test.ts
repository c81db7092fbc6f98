import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { readCurrent } from "../../src/state/current.ts";
import { rowHistory } from "../../src/sync/row-history.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import { verifyStream } from "../../src/sync/verify-stream.ts";
import { consume } from "../support/consumer.ts";
import { deliverPerson, forgetStory, others, PERSON } from "../support/forget-story.ts";
import { filesThatHold } from "../support/person-search.ts";
import { tempFolder } from "../support/temp-folder.ts";

const never = new AbortController().signal;
const TEXTS = Object.values(PERSON);

test("no byte and no row of the state root tells of a person who was forgotten, and the rest of it is proved as before", async () => {
  await using folder = await tempFolder();
  const story = forgetStory(folder, {
    changes: {
      guards: { maxRemoved: null, maxChanged: null, maxAdded: { rows: 0 }, minRows: 1, aboveRows: 1, per: [], held: "supersede" },
    },
  });
  const { deps, stream } = story;
  const free = { ...stream, guards: null };
  await deliverPerson({
    ...story,
    run: async (people) => {
      await writeFile(folder.at("people.csv"), `id,mail\n${people.map((row) => `${row.join(",")}\n`).join("")}`);
      return await runStream(deps, free, { slot: null, fullResync: false, baseline: false }, never);
    },
  });
  const told = await consume(folder.at("out"), stream.name);
  // Back in the warehouse, and held: the bytes that wait tell of them.
  expect((await story.run([...others(4), [PERSON.id, PERSON.mail]])).record.status).toBe("held");
  expect((await filesThatHold(deps, [folder.at("state"), folder.at("scratch")], TEXTS)).length).toBeGreaterThan(4);

  const { result, report } = await story.forget();

  expect(result).toMatchObject({ error: null, record: { status: "forgotten" } });
  expect(await filesThatHold(deps, [folder.at("state"), folder.at("scratch")], TEXTS)).toEqual([]);
  expect(report.staged).toHaveLength(1);
  // The partner's objects, by generation: as added, as changed, as removed.
  expect(report.objects.map(({ generation, key }) => `${generation} ${key}`)).toMatchInlineSnapshot(`
    [
      "1 users/users-000001-added-0001.csv",
      "3 users/users-000003-changed-0001.csv",
      "4 users/users-000004-removed-0001.csv",
    ]
  `);
  const verified = await verifyStream(deps, stream, { generation: null, last: 10 }, never);
  expect(verified).toMatchObject({ fold: { status: "same", broken: [] }, erasures: [{ done: true }] });
  expect(verified.files.every(({ status }) => status === "ok")).toBe(true);
  expect(verified.objects.every(({ status }) => status === "ok")).toBe(true);
  expect(verified.deltas.map(({ generation, status }) => `${generation} ${status}`)).toEqual([
    "1 forgotten",
    "2 same",
    "3 forgotten",
    "4 forgotten",
    "5 same",
  ]);
  expect((await rowHistory(deps, stream, new Map([["id", PERSON.id]]), never)).deliveries).toEqual([]);
  expect((await rowHistory(deps, stream, new Map([["id", "other-10"]]), never)).deliveries.length).toBeGreaterThan(2);
  expect((await readCurrent(deps.state, stream.name, never))?.rows).toBe(12);
  // What goes on is a delta as ever.
  await writeFile(
    folder.at("people.csv"),
    `id,mail\n${others(5)
      .map((row) => `${row.join(",")}\n`)
      .join("")}`,
  );
  expect((await runStream(deps, free, { slot: null, fullResync: false, baseline: false }, never)).record).toMatchObject({
    status: "delivered",
    counts: { added: 0, removed: 0 },
  });
  const now = await consume(folder.at("out"), stream.name);
  expect([...now.keys()]).toEqual([...told.keys()]);
});

test("a row that the destination still holds is forgotten only when that is said", async () => {
  await using folder = await tempFolder();
  const story = forgetStory(folder);
  await story.run([...others(0), [PERSON.id, PERSON.mail]]);
  await story.run([...others(1), [PERSON.id, PERSON.mail]]);
  const refused = await story.forget();
  expect(refused.result.error).toMatchObject({ code: "FORGET_STILL_TOLD" });
  expect(refused.result.error?.message).not.toContain(PERSON.id);
  expect((await filesThatHold(story.deps, [folder.at("state")], TEXTS)).length).toBeGreaterThan(0);
  expect((await story.forget({ evenIfPresent: true })).report.told).toBe(1n);
  expect(await filesThatHold(story.deps, [folder.at("state")], TEXTS)).toEqual([]);
  // Gone from the warehouse too: nothing is left that could be removed. Still there: told anew.
  expect((await story.run(others(1))).record).toMatchObject({ status: "unchanged" });
  expect((await story.run([...others(1), [PERSON.id, PERSON.mail]])).record).toMatchObject({ counts: { added: 1, changed: 0 } });
});

test("who is not on record is not forgotten, and nothing is written", async () => {
  await using folder = await tempFolder();
  const story = forgetStory(folder);
  expect((await story.forget()).result).toMatchObject({ error: null, record: { status: "unchanged" } });
  await story.run(others(0));
  const before = await readCurrent(story.deps.state, "users", never);
  expect((await story.forget()).result).toMatchObject({ error: null, record: { status: "unchanged" } });
  expect(await readCurrent(story.deps.state, "users", never)).toEqual(before);
});
