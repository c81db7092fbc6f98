import fc from "fast-check";
import { expect, test } from "vitest";
import { ConfigFile } from "../../src/config/config-file.ts";
import { parseYaml } from "../../src/config/parse-yaml.ts";

const RULES = { variables: {}, isSql: () => false };

/** Lines that change nothing: comments, blanks, other keys in every style that YAML has. */
const filler = fc.constantFrom(
  "",
  "# note: {x}",
  "a{n}: plain",
  'b{n}: "quoted # text"',
  "c{n}: [1, 2, {d: e}]",
  "f{n}: |\n  block\n  zzz: no key",
  "g{n}: 日本語 # é",
);

test("a key that is at fault is pointed at by line, column and length, whatever stands around it", () => {
  const property = fc.property(
    fc.array(filler, { maxLength: 8 }),
    fc.array(filler, { maxLength: 4 }),
    fc.constantFrom("\n", "\r\n"),
    (above, below, lineEnd) => {
      const number = (line: string, index: number): string => line.replace("{n}", String(index));
      const before = above.map(number).join("\n");
      const after = below.map((line, index) => number(line, index + 100)).join("\n");
      const text = `${before}\nouter: {x: 1, "zzz": [\${NONE}]}\n${after}\n`.replaceAll("\n", lineEnd);
      const file = new ConfigFile("/f.yaml", "f.yaml", text);
      expect(parseYaml(file, RULES)).toBe(true);
      file.report("CONFIG_INVALID", { path: ["outer", "zzz"], at: "key" }, "x");
      const line = before.split("\n").length + 1;
      const source = 'outer: {x: 1, "zzz": [${NONE}]}';
      expect(file.issues).toMatchObject([
        { code: "CONFIG_VARIABLE_UNSET", line, column: 23, length: 7, source },
        { code: "CONFIG_INVALID", line, column: 15, length: 5, source },
      ]);
    },
  );
  fc.assert(property, { numRuns: 200 });
});
