import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { expect } from "vitest";
import type { AudienceMember, OutputColumn, SourceSpec, Stream } from "../../src/core/types.ts";
import { toldMembers } from "../../src/sync/audience-members.ts";
import { planStream, type PlanPreview } from "../../src/sync/plan-stream.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import { harness, testStream } from "./sync-harness.ts";
import { memoryFolder, tempFolder } from "./temp-folder.ts";

const never = new AbortController().signal;

/** id → what the audiences ask about. */
export type People = Readonly<Record<number, { readonly ltv: number; readonly country: string | null; readonly email: string }>>;
/** id → e-mail as told, of one audience. */
type Members = ReadonlyMap<string, string>;

const RULES: Readonly<Record<string, AudienceMember & { readonly holds: (person: People[number]) => boolean }>> = {
  vip: { name: "vip", condition: "ltv >= 1000", holds: ({ ltv }) => ltv >= 1000 },
  germany: { name: "germany", condition: "country = 'DE'", holds: ({ country }) => country === "DE" },
  "small & new": { name: "small & new", condition: "ltv < 100", holds: ({ ltv }) => ltv < 100 },
  france: { name: "france", condition: "country = 'FR'", holds: ({ country }) => country === "FR" },
};

const COLUMNS: readonly OutputColumn[] = [
  { name: "Id", value: { from: "column", column: "id" } },
  { name: "Email", value: { from: "column", column: "email" } },
  { name: "Member", value: { from: "metadata", field: "_member" } },
];

/**
 * Lets people enter, leave and move between three audiences, then adds an audience and takes one away. After each step a consumer of every audience's own
 * folder holds exactly its members. `entity` puts the people where the source finds them and returns the SQL that reads them.
 */
export async function audienceStory(source: SourceSpec | null, entity: (people: People) => string | Promise<string>): Promise<void> {
  await using folder = await tempFolder(await memoryFolder());
  const deps = harness({ root: folder.path });
  const streamOf = async (names: readonly string[], people: People): Promise<Stream> => {
    const members = names.flatMap((name) => RULES[name] ?? []).map(({ name, condition }) => ({ name, condition }));
    const base = testStream(folder.path, "");
    return {
      ...base,
      query: { kind: "audiences", entitySql: await entity(people), entityKey: ["id"], members, file: base.file, line: 1 },
      primaryKey: ["id", "_audience"],
      changes: ["added", "removed"],
      columns: COLUMNS,
      fileFormat: { ...base.fileFormat, splitBy: ["_audience"], folder: "{_audience}" },
      ...(source === null ? {} : { source }),
    };
  };
  const step = async (names: readonly string[], people: People): Promise<PlanPreview> => {
    const stream = await streamOf(names, people);
    const preview = await planStream(deps, stream, { slot: null, fullResync: false, samples: 0, keep: false }, never);
    const { error, record } = await runStream(deps, stream, { slot: null, fullResync: false, baseline: false }, never);
    expect(error).toBeNull();
    expect(record.files.map(({ key }) => key)).toEqual(preview.files.map(({ key }) => key));
    for (const name of Object.keys(RULES)) {
      const holds = names.includes(name) ? RULES[name]?.holds : undefined;
      const ids = Object.entries(people).flatMap(([id, person]) => (holds?.(person) === true ? [id] : []));
      expect([name, [...(await consumeAudience(folder.at("out"), name)).keys()].toSorted()]).toEqual([name, ids.toSorted()]);
    }
    const told = (await toldMembers(deps, [stream], never)).get("users");
    for (const name of names) {
      const size = (await consumeAudience(folder.at("out"), name)).size;
      expect(told?.find(({ audience }) => audience === name)).toEqual({ audience: name, rows: size });
    }
    return preview;
  };
  await tell(step);
}

async function tell(step: (names: readonly string[], people: People) => Promise<PlanPreview>): Promise<void> {
  const three = ["vip", "germany", "small & new"];
  const person = (ltv: number, country: string | null, email: string): People[number] => ({ ltv, country, email });
  const first = {
    1: person(1500, "DE", "a@x.com"),
    2: person(50, "DE", "b@x.com"),
    3: person(500, "FR", "c@x.com"),
    10: person(20, null, "d@x.com"),
  };
  expect((await step(three, first)).audiences).toEqual([]);
  // 1 leaves two audiences with another address than was told, 2 moves from one to another, 4 enters two, 10 leaves for good.
  const second = {
    1: person(400, "FR", "new@x.com"),
    2: person(1000, "DE", "b@x.com"),
    3: person(500, "FR", "c@x.com"),
    4: person(5, "DE", "e@x.com"),
  };
  await step(three, second);
  // A member's other address is no matter of membership.
  const third = { ...second, 2: person(1000, "DE", "moved@x.com") };
  expect((await step(three, third)).outcome).toBe("unchanged");
  const added = await step([...three, "france"], third);
  expect(added.audiences).toEqual([{ audience: "france", news: "new", members: 2 }]);
  expect(added.verdict?.schema).toBeNull();
  expect(added.files.map(({ key }) => key)).toEqual(["france/users-000003-added-0001.csv"]);
  const gone = await step(["vip", "small & new", "france"], third);
  expect(gone.audiences).toEqual([{ audience: "germany", news: "gone", members: 2 }]);
  expect(gone.files.map(({ key }) => key)).toEqual(["germany/users-000004-removed-0001.csv"]);
  expect((await step(["vip", "small & new", "france"], third)).outcome).toBe("unchanged");
}

/** What the receiver of one audience's folder holds; throws when somebody enters twice or leaves without being there, or leaves otherwise than told. */
async function consumeAudience(out: string, audience: string): Promise<Members> {
  const members = new Map<string, string>();
  const manifests = (await readdir(join(out, "_spillway/users"))).filter((name) => /^\d+\.json$/u.test(name)).toSorted();
  for (const name of manifests) {
    const manifest = JSON.parse(await readFile(join(out, "_spillway/users", name), "utf8")) as {
      objects: { key: string; change: string; split: Record<string, string> }[];
    };
    for (const { key, change, split } of manifest.objects) {
      if (split["_audience"] !== audience) continue;
      if (key.split("/")[0] !== audience.replaceAll(" ", "~20").replaceAll("&", "~26"))
        throw new Error(`${key} is not in the folder of ${audience}`);
      for (const [id = "", email = "", member] of parse(await readFile(join(out, key), "utf8")).slice(1)) {
        const told = members.get(id);
        if (change === "added" ? told !== undefined || member !== "true" : told !== email || member !== "false")
          throw new Error(`${key}: ${change} ${id} with ${email}, told ${told ?? "nothing"}, _member ${member ?? ""}`);
        if (change === "added") members.set(id, email);
        else members.delete(id);
      }
    }
  }
  return members;
}
