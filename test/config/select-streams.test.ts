import { expect, test } from "vitest";
import { selectStreams } from "../../src/config/select-streams.ts";
import type { StreamSelection } from "../../src/config/select-streams.ts";
import { SyncError } from "../../src/core/errors.ts";
import type { Project } from "../../src/core/types.ts";
import { load, MODEL } from "./temp-project.ts";

const { project } = await load({
  "models/users.yaml": `${MODEL}tags: [growth, daily]\n`,
  "models/orders.yaml": `${MODEL}tags: [daily]\n`,
  "models/crm_leads.yaml": `${MODEL}enabled: false\n`,
});

const names = (selection: StreamSelection, of: Project = project): readonly string[] =>
  selectStreams(of, selection).map(({ name }) => name);

const refusal = (selection: StreamSelection): readonly [string, string, string | null] => {
  try {
    selectStreams(project, selection);
  } catch (error) {
    if (error instanceof SyncError) return [error.code, error.message, error.hint];
  }
  throw new Error("the selection was accepted");
};

test.each<[StreamSelection, readonly string[]]>([
  [{ all: true }, ["crm_leads", "orders", "users"]],
  [{ models: ["users"] }, ["users"]],
  [{ models: ["users", "orders"] }, ["orders", "users"]],
  [{ models: ["*s"] }, ["crm_leads", "orders", "users"]],
  [{ models: ["{users,orders}"], select: [], all: true }, ["crm_leads", "orders", "users"]],
  [{ models: ["crm_*", "user?"] }, ["crm_leads", "users"]],
  [{ select: ["tag:daily"] }, ["orders", "users"]],
  [{ select: ["tag:growth", "destination:partner"] }, ["crm_leads", "orders", "users"]],
  [{ models: ["o*"], select: ["tag:daily"] }, ["orders"]],
  [{ select: ["tag:daily"], exclude: ["users"] }, ["orders"]],
  [{ all: true, exclude: ["tag:daily"] }, ["crm_leads"]],
  [{ select: ["orders"] }, ["orders"]],
])("%j chooses %j", (selection, chosen) => {
  expect(names(selection)).toEqual(chosen);
});

test("a stream of a delivery answers to its own name and to its model's", () => {
  const [first] = project.streams;
  if (first === undefined) throw new Error("no stream");
  const of = {
    ...project,
    streams: ["acme", "beta"].map((delivery) => ({ ...first, model: "users", delivery, name: `users.${delivery}` })),
  };
  expect(names({ models: ["users"] }, of)).toEqual(["users.acme", "users.beta"]);
  expect(names({ models: ["users.beta"] }, of)).toEqual(["users.beta"]);
  expect(names({ models: ["*.acme"] }, of)).toEqual(["users.acme"]);
});

test("the only stream need not be named, of several one has to be", () => {
  expect(names({}, { ...project, streams: project.streams.slice(0, 1) })).toEqual(["crm_leads"]);
  expect(names({}, { ...project, streams: [] })).toEqual([]);
  expect(refusal({})).toMatchInlineSnapshot(`
    [
      "STREAM_NOT_CHOSEN",
      "The project has 3 streams and none was chosen.",
      "Name one with -m (crm_leads, orders, users), choose with -s tag:NAME, or take them with --all.",
    ]
  `);
});

test.each<[StreamSelection, string, string]>([
  [{ models: ["usres"] }, 'No stream is called "usres".', 'Did you mean "users"?'],
  [{ models: ["xyz*"] }, 'No stream is called "xyz*".', "Known: crm_leads, orders, users"],
  [{ select: ["tag:dayly"] }, 'No stream fits "tag:dayly".', 'Did you mean "daily"?'],
  [{ select: ["destination:parner"] }, 'No stream fits "destination:parner".', 'Did you mean "partner"?'],
  [{ select: ["tga:daily"] }, '"tga:daily" is no way to choose streams.', "Use tag:NAME, destination:NAME or status:held."],
  [{ models: ["crm_*"], select: ["tag:daily"] }, "No stream fits both -m and -s.", "See names and tags with `sync ls`."],
  [
    { models: ["users"], exclude: ["user*"] },
    "Every stream that was chosen is excluded again.",
    "Drop an --exclude, or choose more streams.",
  ],
  [{ all: true, exclude: ["nobody"] }, 'No stream is called "nobody".', "Known: crm_leads, orders, users"],
])("%j matches nothing and says what would", (selection, message, hint) => {
  expect(refusal(selection)).toEqual(["STREAM_UNKNOWN", message, hint]);
});

const stateOf = (stream: string) => (stream === "orders" ? "held" : "ok");

test("streams are chosen, and left out, by how they stand", () => {
  expect(names({ select: ["status:held"], stateOf })).toEqual(["orders"]);
  expect(names({ all: true, exclude: ["status:held"], stateOf })).not.toContain("orders");
  expect(names({ all: true, exclude: ["status:failed"], stateOf })).toContain("orders");
});

test("a state that no stream is in, and a word for none, are told apart", () => {
  expect(refusal({ select: ["status:failed"], stateOf })).toEqual([
    "STREAM_UNKNOWN",
    "No stream that was chosen is failed now.",
    "`sync status` shows how each one stands.",
  ]);
  expect(refusal({ select: ["status:hold"], stateOf })[1]).toBe('No stream can stand as "status:hold" says.');
});
