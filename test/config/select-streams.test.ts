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

test.each<StreamSelection>([
  { models: ["usres"] },
  { models: ["xyz*"] },
  { select: ["tag:dayly"] },
  { select: ["destination:parner"] },
  { select: ["tga:daily"] },
  { select: ["status:held"] },
  { models: ["crm_*"], select: ["tag:daily"] },
  { models: ["users"], exclude: ["user*"] },
  { all: true, exclude: ["nobody"] },
])("%j matches nothing and says what would", (selection) => {
  expect(refusal(selection)).toMatchSnapshot();
});
