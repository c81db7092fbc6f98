import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FileChange } from "../../src/core/types.ts";
import { checkKeyTemplate, keysCanCollide, objectKey } from "../../src/files/object-key.ts";
import type { KeyTemplate, KeyValues } from "../../src/files/print-key.ts";

const DEFAULT_NAME = "{stream}-{generation:06}-{change}-{part:04}";
const VALUES: KeyValues = { generation: 7, change: "added", part: 1, run: "01ABC", scheduledAt: new Date("2024-03-01T00:30:09Z") };

function template(folder: string, name = DEFAULT_NAME, more: Partial<KeyTemplate> = {}): KeyTemplate {
  return { folder, name, extension: "csv", model: "users", delivery: null, stream: "users", ...more };
}

describe("a key", () => {
  test.each<[string, KeyTemplate, string]>([
    ["of the default", template(""), "users-000007-added-0001.csv"],
    ["in a folder", template("a/b"), "a/b/users-000007-added-0001.csv"],
    ["in a folder written with a slash at its end", template("a/"), "a/users-000007-added-0001.csv"],
    ["without an extension", template("", DEFAULT_NAME, { extension: "" }), "users-000007-added-0001"],
    ["that says its extension itself", template("{ext}", "{generation}.{change}.{part}.{ext}"), "csv/7.added.1.csv"],
    [
      "with every name",
      template("{model}/{delivery}", "{stream}-{generation}-{change}-{part}", { delivery: "acme", stream: "users.acme" }),
      "users/acme/users.acme-7-added-1.csv",
    ],
    ["with the run", template("{run_id}", "{change}-{part}"), "01ABC/added-1.csv"],
    ["by date", template("{scheduled_at:%Y/%m/%d}"), "2024/03/01/users-000007-added-0001.csv"],
    ["of the day before, over the leap day", template("{scheduled_at-1d:%Y%m%d}"), "20240229/users-000007-added-0001.csv"],
    ["of days later", template("{scheduled_at+31d:%j}"), "092/users-000007-added-0001.csv"],
    [
      "with words and time",
      template("{scheduled_at:%a %b %H.%M.%S %y %G-W%V-%u %%}"),
      "Fri Mar 00.30.09 24 2024-W09-5 %/users-000007-added-0001.csv",
    ],
    ["with braces", template("{{x}}"), "{x}/users-000007-added-0001.csv"],
  ])("%s", (_, written, key) => {
    expect(checkKeyTemplate(written)).toEqual([]);
    expect(objectKey(written, VALUES)).toBe(key);
  });

  test("is refused with the key of the model file that is wrong", () => {
    expect(() => objectKey(template("", "latest"), VALUES)).toThrow("file.name of users cannot name objects");
  });
});

describe("a template is refused", () => {
  test.each<[string, KeyTemplate, string]>([
    ["with an unknown token, naming the nearest", template("{steam}"), "{steam} is unknown; did you mean {stream}?"],
    ["with a token like no other, naming all", template("{zzzzzzzz}"), "{zzzzzzzz} is unknown; known: {model}"],
    ["with a brace that stands alone", template("a}b"), '"}" stands alone'],
    ["with a brace that is not closed", template("{stream"), '"{" stands alone'],
    ["with a width that does not begin with zero", template("", "{generation:6}-{change}-{part}"), "{generation:06}"],
    ["with a format where there is none", template("{change:x}"), "takes no format"],
    ["with days on something else", template("{generation-1d}"), "only scheduled_at can be moved"],
    ["with hours", template("{scheduled_at-1h:%H}"), "{scheduled_at-1d:%Y-%m-%d}"],
    ["with a date without pattern", template("{scheduled_at}"), "needs a pattern"],
    ["with an unknown directive", template("{scheduled_at:%Q}"), "%Q is unknown"],
    ["without the generation", template("", "{stream}-{change}-{part}"), "for every generation"],
    ["with a date in place of the generation", template("", "{scheduled_at:%Y%m%d%H%M%S}-{change}-{part}"), "for every generation"],
    ["without the change", template("", "{generation}-{part}"), "for every change"],
    ["without the part", template("", "{generation}-{change}"), "for every part"],
    ["when generation and part run together", template("", "{change}{generation:06}{part:04}"), "{generation} runs into"],
    ["when digits follow a number", template("", "{change}-{part}0{generation}"), "{part} runs into"],
    ["when a date follows a number", template("", "{change}-{part}{scheduled_at:%Y}{generation}"), "{part} runs into"],
    ["when the run runs into a number", template("{change}-{run_id}{part}", "x"), "{run_id} runs into"],
    ["that begins with a slash", template("/a"), '"//"'],
    ["with two slashes", template("a//b"), '"//"'],
    ["with an empty delivery between slashes", template("a/{delivery}"), '"//"'],
    ["that climbs", template("a/../b"), '".."'],
    ["that stands still", template("./a"), '"."'],
    ["with a control character", template("a\u0007"), "control characters"],
    ["with a lone surrogate", template("a\ud800"), "control characters"],
    ["with a backslash", template("a\\b"), "backslashes"],
    ["in the reserved folder", template("_spillway"), "kept for manifests"],
    ["in the reserved folder, further down and in capitals", template("x/_Spillway/y"), "kept for manifests"],
    ["longer than a key can be, in bytes", template("é".repeat(500)), "at most 1024 bytes"],
  ])("%s", (_, written, message) => {
    expect(checkKeyTemplate(written).map((problem) => problem.message)).toEqual([expect.stringContaining(message)]);
  });

  test("when only the prefix makes it too long", () => {
    expect(checkKeyTemplate(template("a".repeat(500)), "b".repeat(400))).toEqual([]);
    expect(checkKeyTemplate(template("a".repeat(500)), "b".repeat(500))).toHaveLength(1);
  });

  test("saying whether it is ill formed or its keys could meet", () => {
    expect(checkKeyTemplate(template("{steam}"))).toMatchObject([{ key: "folder", collides: false }]);
    expect(checkKeyTemplate(template("", "{generation}-{change}"))).toMatchObject([{ key: "name", collides: true }]);
  });
});

describe("two streams in one place", () => {
  const other = { model: "orders", stream: "orders" };
  test.each<[string, KeyTemplate, KeyTemplate, boolean]>([
    ["meet under one name", template("", "x-{generation}-{change}-{part}"), template("", "x-{generation}-{change}-{part}", other), true],
    ["do not meet when the stream is in the name", template(""), template("", DEFAULT_NAME, other), false],
    ["do not meet in different folders", template("a"), template("b", DEFAULT_NAME), false],
    ["do not meet with different extensions", template(""), template("", DEFAULT_NAME, { extension: "txt" }), false],
    [
      "meet when a name of one is a number of the other",
      template("7", "{generation}-{change}-{part}"),
      template("", "{generation}/{part}-{change}-{part}", other),
      true,
    ],
    [
      "do not meet when the padding is wider than the literal",
      template("7", "{generation}-{change}-{part}"),
      template("", "{generation:06}/{part}-{change}-{part}", other),
      false,
    ],
    ["meet at a date that a literal spells", template("2024"), template("{scheduled_at:%Y}"), true],
    ["do not meet when no date spells the literal", template("May-2024"), template("{scheduled_at:%b-%d}"), false],
    [
      "meet through the run's id",
      template("{run_id}", "{generation}-{change}-{part}"),
      template("acme", "{generation}-{change}-{part}", other),
      true,
    ],
    ["meet when only the case differs, as on some file systems", template("In"), template("in"), true],
    [
      "meet when an object of one is a folder of the other",
      template("", "{generation}-{change}-{part}", { extension: "" }),
      template("{generation}-{change}-{part}", "x-{generation}-{change}-{part}", other),
      true,
    ],
  ])("%s", (_, a, b, meet) => {
    expect(keysCanCollide(a, b)).toBe(meet);
    expect(keysCanCollide(b, a)).toBe(meet);
  });
});

const PIECES = [
  "{generation}",
  "{generation:03}",
  "{change}",
  "{part}",
  "{part:02}",
  "{run_id}",
  "{stream}",
  "{scheduled_at:%Y}",
  "{scheduled_at:%j%H}",
  "{scheduled_at:%B}",
  "-",
  "/",
  "a",
  "1",
  "full",
  ".",
  "x{{",
  "{event}",
] as const;
const templates = fc
  .tuple(
    fc.array(fc.constantFrom(...PIECES), { maxLength: 3 }),
    fc.array(fc.constantFrom(...PIECES), { minLength: 3, maxLength: 9 }),
    fc.constantFrom("csv", "", "1"),
  )
  .map(([folder, name, extension]) => {
    const splitBy = [...folder, ...name].includes("{event}") ? ["event"] : [];
    return template(folder.join(""), name.join(""), { extension, splitBy });
  });
const events = fc.constantFrom(null, "", "a", "a-1", "1", "11", "a-added", "full", "a.b", "x_", "~null", "/", "é");
const values = fc.record({
  generation: fc.constantFrom(1, 2, 10, 11, 12, 21, 100, 101, 111, 1000, 1001),
  change: fc.constantFrom<FileChange>("added", "changed", "removed", "full"),
  part: fc.constantFrom(1, 2, 10, 11, 12, 21, 100, 101, 111, 1001),
  event: events,
});

/** A run makes one generation: its id and its slot follow from it. Some ids begin others. */
function complete(value: Pick<KeyValues, "generation" | "change" | "part"> & { readonly event: string | null }): KeyValues {
  const run = `a${"1".repeat(value.generation % 5)}${value.generation}x`;
  return {
    ...value,
    run,
    split: { event: value.event },
    scheduledAt: new Date(Date.UTC(2024, value.generation % 12, 1 + (value.generation % 3))),
  };
}

describe("for every template that is accepted", () => {
  const accepted = templates.filter((written) => checkKeyTemplate(written).length === 0);

  test("F01: two objects of a stream have different keys", () => {
    fc.assert(
      fc.property(accepted, fc.array(values, { minLength: 2, maxLength: 60 }), (written, all) => {
        const isSplit = (written.splitBy ?? []).length > 0;
        const told = new Set(all.map(({ event, ...value }) => JSON.stringify(isSplit ? { event, ...value } : value)));
        expect(new Set(all.map((value) => objectKey(written, complete(value)))).size).toBe(told.size);
      }),
      { numRuns: 300 },
    );
  });

  test("keys stay inside the prefix, outside the reserved folder", () => {
    fc.assert(
      fc.property(accepted, values, (written, value) => {
        const segments = objectKey(written, complete(value)).split("/");
        expect(segments.every((segment) => segment !== "" && segment !== "." && segment !== ".." && segment !== "_spillway")).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test("streams that are said never to meet do not", () => {
    fc.assert(
      fc.property(accepted, accepted, fc.array(values, { maxLength: 30 }), (a, b, all) => {
        const keys = new Set(all.map((value) => objectKey(a, complete(value))));
        const shared = all.some((value) => keys.has(objectKey(b, complete(value))));
        expect(shared && !keysCanCollide(a, b)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});
