import { expect, test } from "vitest";
import { commandDocs, errorDocs } from "../../scripts/generated-docs.ts";
import { read } from "./source-tree.ts";

test.each([
  ["docs/errors.md", errorDocs],
  ["docs/commands.md", commandDocs],
])("%s says what the program says (npm run docs writes it)", (page, docs) => {
  expect(read(page)).toBe(docs());
});
