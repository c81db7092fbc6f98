import { expect, test } from "vitest";
import { FAILPOINTS } from "../../src/core/failpoint.ts";
import { currentSchema } from "../../src/state/documents.ts";
import { filesMatching, read } from "../repo/source-tree.ts";
import { explore } from "./explore.ts";
import { boundsWithout, KNOWN_VIOLATIONS } from "./known-violations.ts";
import { INVARIANTS, RULE_NAMES, RULES } from "./rules.ts";
import { STEP_NAMES, STEPS } from "./steps.ts";
import { DEFAULT_WORLDS } from "./worlds.ts";

test.each(Object.entries(DEFAULT_WORLDS))("every history of the protocol keeps all invariants: %s", (_name, bounds) => {
  const { violation, states } = explore(bounds);
  expect(violation).toBeNull();
  expect(states).toBeGreaterThan(100);
});

test.each(RULE_NAMES)("without the rule %s an invariant breaks", (rule) => {
  const { violation } = explore(boundsWithout(rule));
  expect(violation?.invariant).toBe(KNOWN_VIOLATIONS[rule].breaks);
  expect(violation?.trace.length).toBeGreaterThan(1);
});

test("the shortest history of a violation is told step by step", () => {
  expect(explore(boundsWithout("last-look")).violation?.trace).toMatchInlineSnapshot(`
    [
      "host A reads CURRENT (generation 0)",
      "host A finds no plan 1",
      "host A queries, stages key 0=removed",
      "host A creates plan 1",
      "host A object 0 has no mark",
      "host A PUTs object 0 of 1",
      "host A marks object 0 of 1",
      "a person gives 1 up",
      "host A reads CURRENT before the manifest",
      "host A object 1 has no mark",
      "-> I10 manifest of generation 1, which was given up (host A at put)",
    ]
  `);
});

test("every rule and every step stands in the program where the model says", () => {
  const sources = new Set(filesMatching(/^src\/.*\.ts$/));
  for (const { code } of [...Object.values(RULES), ...Object.values(STEPS)]) {
    const [file = "", name = ""] = code.split("#");
    expect(sources).toContain(`src/${file}`);
    expect(`${code}: ${new RegExp(`\\b${name}\\b`).test(read(`src/${file}`))}`).toBe(`${code}: true`);
  }
});

test("every point at which the program can be stopped stands in one step of the model", () => {
  // A copied state is held to every operation by a test of its own (test/sync/copy-anywhere).
  const points = ["copy.marked", ...Object.values(STEPS).flatMap((step) => [...step.points])];
  expect(points.toSorted()).toEqual([...FAILPOINTS].toSorted());
});

/** What a swap of CURRENT can be for, and which step or move of the model makes it. */
const SWAPS: Readonly<Record<string, string>> = {
  opened: "open",
  promoted: "promote",
  voided: "void",
  abandoned: "a person gives a generation up",
  folded: "fold",
  refreshed: "fold",
  reset: "a person resets",
  // Neither tells a consumer anything: a baseline takes the result as told by decree, a repair brings back what CURRENT was.
  baselined: "not modelled",
  repaired: "not modelled",
  // Says how far back the history is kept; names other files of the same table, and gives a generation up that only staging was for.
  pruned: "not modelled",
  forgotten: "not modelled",
  // The generation that takes every row back closes its stream; who has nothing to take back, or opens it again, does so by one swap.
  retired: "promote",
  reopened: "a person resets",
  // The last entry of a root that was copied: nothing comes after it.
  moved: "not modelled",
};

test("every reason for which CURRENT is swapped is known to the model", () => {
  expect(Object.keys(SWAPS).toSorted()).toEqual([...currentSchema.unwrap().shape.reason.options].toSorted());
});

test("the model's steps go through the states that docs/architecture.md lists", () => {
  const listed = [...read("docs/architecture.md").matchAll(/^\| (?<state>[A-Z]+) \|/gm)].map((row) => row.groups?.["state"] ?? "");
  expect(listed.length).toBeGreaterThan(8);
  expect([...new Set(STEP_NAMES.map((step) => STEPS[step].state))].toSorted()).toEqual(listed.toSorted());
});

test("docs/reliability.md tells every rule and every invariant of the model", () => {
  const docs = read("docs/reliability.md");
  for (const rule of RULE_NAMES) expect(docs).toContain(`| \`${rule}\` | ${RULES[rule].says} |`);
  for (const [name, holds] of Object.entries(INVARIANTS)) expect(docs).toContain(`| ${name} | ${holds} |`);
});
