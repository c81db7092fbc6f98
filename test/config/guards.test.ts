import { expect, test } from "vitest";
import { compileGuards, guardsSchema } from "../../src/config/guard-schema.ts";
import { load, problems, type ProjectFiles } from "./temp-project.ts";

const files = (guards: string): ProjectFiles => ({
  "models/users.yaml": `source: warehouse\ndestination: partner\nquery: SELECT 1 AS id\nprimary_key: id\nguards: ${guards}\n`,
});

test("guards are on without a word, and off as a whole", () => {
  expect(compileGuards(guardsSchema.parse({}))).toMatchObject({ maxRemoved: { percent: 20 }, maxAdded: null, minRows: 1 });
  expect(compileGuards(guardsSchema.parse("off"))).toBeNull();
});

test.each([
  ["12.5%", { percent: 12.5 }],
  ["100 %", { percent: 100 }],
  ["0%", { percent: 0 }],
  [500, { rows: 500 }],
  ["off", null],
])("a limit of %s is read as what it says", (written, limit) => {
  expect(compileGuards(guardsSchema.parse({ max_removed: written }))?.maxRemoved).toEqual(limit);
});

test.each([
  ["off", null],
  [
    "{max_removed: 10%, max_added: 5000, per: [id], held: wait}",
    { maxRemoved: { percent: 10 }, maxAdded: { rows: 5000 }, per: ["id"], held: "wait" },
  ],
  ["{min_rows: 0, above_rows: 0, max_changed: off}", { minRows: 0, aboveRows: 0, maxChanged: null, maxRemoved: { percent: 20 } }],
])("guards: %s is what the stream gets", async (guards, compiled) => {
  const { project } = await load(files(guards));
  const [stream] = project.streams;
  expect({ guards: stream?.guards }).toMatchObject({ guards: compiled });
});

test.each(["on", "{max_removed: 120%}", "{max_removed: some}", "{min_rows: -1}", "{held: later}", "{max_remove: 10%}"])(
  "guards: %s is refused where it stands",
  async (guards) => {
    expect(await problems(files(guards))).toMatch(/models\/users\.yaml:5:\d+ CONFIG_/);
  },
);
