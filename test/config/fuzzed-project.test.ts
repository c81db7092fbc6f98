import fc from "fast-check";
import { expect, test } from "vitest";
import { ConfigError } from "../../src/config/config-error.ts";
import { loadProject } from "../../src/config/load-project.ts";
import { renderIssues } from "../../src/config/render-issues.ts";
import { tempFolder } from "../support/temp-folder.ts";
import type { TempFolder } from "../support/temp-folder.ts";
import { CONFIG, MODEL } from "./temp-project.ts";

const TOKENS =
  "version state models engine sources destinations type duckdb local s3 postgres path url query primary_key columns file folder name template from value audiences entity members key null true 1 0012 1e9 {stream} {generation:06} {change} {part} {x} ${A} ${ $${ $$ : ? - [ ] { } , & * ! | > ' \" # % @ ` << --- ... \\ __proto__ constructor &a *a !!set 🙂 \u0000 \uFEFF \uFDD0 \t"
    .split(" ")
    .concat(["\n", "\n  ", "\n    ", ": ", "- ", " "]);

const soup = fc.array(fc.constantFrom(...TOKENS), { maxLength: 40 }).map((tokens) => tokens.join(""));
/** A file that is in order but for some places, where something else stands. */
const damaged = (text: string): fc.Arbitrary<string> =>
  fc.array(fc.tuple(fc.nat(text.length), fc.nat(12), fc.oneof(soup, fc.string())), { maxLength: 3 }).map((edits) => {
    let result = text;
    for (const [at, removed, inserted] of edits) result = result.slice(0, at) + inserted + result.slice(at + removed);
    return result;
  });
const json = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value, null, 2));
const yaml = (text: string): fc.Arbitrary<string | Uint8Array> =>
  fc.oneof({ weight: 4, arbitrary: damaged(text) }, soup, json, fc.uint8Array({ maxLength: 60 }));

const RICH = `${MODEL}columns: {A: id, B: {template: "{id}-{x}"}, C: {value: v}, D: _change}
file: {delimiter: "|", folder: "a/{scheduled_at:%Y}", name: "{stream}-{generation:06}-{change}-{part:04}"}
changes: [added, removed]
ignore_changes_in: [B]
`;

test("whatever the files hold, a project loads or throws a ConfigError whose problems can be shown", async () => {
  await using folder = await tempFolder();
  const property = fc.asyncProperty(yaml(CONFIG), yaml(RICH), fc.oneof(soup, fc.constant("A=1\n")), async (config, model, env) => {
    await folder.write("config.yaml", config);
    await folder.write("models/users.yaml", model);
    await folder.write(".env", env);
    expect(await badlyTold(folder)).toEqual([]);
  });
  await fc.assert(property, { numRuns: 200 });
});

/** Problems that a person could not make use of; throws what is no ConfigError. */
async function badlyTold(folder: TempFolder): Promise<readonly unknown[]> {
  const loading = loadProject({ configFile: "config.yaml", env: { A: "a" }, cwd: folder.path, signal: new AbortController().signal });
  const issues = await loading.then(
    () => null,
    (error: unknown) => {
      if (error instanceof ConfigError) return error.issues;
      throw error;
    },
  );
  if (issues === null) return [];
  if (issues.length === 0) return ["no problem is told"];
  return issues.filter(
    (issue) =>
      issue.message === "" ||
      renderIssues([issue]).includes("undefined") ||
      (issue.source !== null && issue.column > issue.source.length + 1),
  );
}
