import { expect, test } from "vitest";
import { CONFIG, MODEL, problems } from "./temp-project.ts";

test("a file's stem has to be a model's name, and only one file has it", async () => {
  const files = { "models/Big Users.yaml": MODEL, "models/crm/users.yaml": MODEL, "models/9.yml": MODEL };
  expect(await problems(files)).toMatchInlineSnapshot(`
    "
    models/9.yml:1:1 CONFIG_INVALID "9" cannot be the name of a model
      1 | source: warehouse
          ^ lower-case letters, digits, \`_\` and \`-\`, a letter first

    models/Big Users.yaml:1:1 CONFIG_INVALID "Big Users" cannot be the name of a model
      1 | source: warehouse
          ^ rename the file to big_users.yaml

    models/users.yaml:1:1 CONFIG_INVALID models/crm/users.yaml is the model "users" already
      1 | source: warehouse
          ^ rename one of the two files
    "
  `);
});

test("names of files that could meet are refused within a stream", async () => {
  const named = (name: string, folder = ""): string => `${MODEL}file: {name: "${name}", folder: "${folder}"}\n`;
  const files = {
    "models/a.yaml": named("{stream}-{change}-{part}"),
    "models/b.yaml": named("{stream}-{generation}{part}-{change}"),
    "models/c.yaml": named("{stream}-{generation}-{change}-{part}", "../out"),
    "models/d.yaml": named("{stream}-{generation}-{change}-{part}", "_spillway"),
    "models/e.yaml": named("{stream}-{generation}-{change}-{part}-{scheduled_at}"),
  };
  expect(await problems(files)).toMatchInlineSnapshot(`
    "
    models/a.yaml:5:14 CONFIG_KEYS_COLLIDE file.name: keys must differ for every generation: put {generation} in
      5 | file: {name: "{stream}-{change}-{part}", folder: ""}
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^

    models/b.yaml:5:14 CONFIG_KEYS_COLLIDE file.name: {generation} runs into what follows it, so two keys could be equal: put a character that is no digit after it
      5 | file: {name: "{stream}-{generation}{part}-{change}", folder: ""}
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    models/c.yaml:5:63 CONFIG_INVALID file.folder: keys may not begin or end with "/" nor hold "//", "." or ".." between slashes
      5 | file: {name: "{stream}-{generation}-{change}-{part}", folder: "../out"}
                                                                        ^^^^^^^^

    models/d.yaml:5:63 CONFIG_INVALID file.folder: the folder _spillway is kept for manifests
      5 | file: {name: "{stream}-{generation}-{change}-{part}", folder: "_spillway"}
                                                                        ^^^^^^^^^^^

    models/e.yaml:5:14 CONFIG_INVALID file.name: {scheduled_at} needs a pattern, e.g. {scheduled_at:%Y/%m/%d}
      5 | file: {name: "{stream}-{generation}-{change}-{part}-{scheduled_at}", folder: ""}
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "
  `);
});

test("streams that could write the same object in one place are refused, prefixes within prefixes included", async () => {
  const config = `${CONFIG}  inner: {type: local, path: out/in}
  manifests: {type: local, path: out/_spillway/x}
  other: {type: local, path: elsewhere}
`;
  const to = (destination: string, folder: string): string =>
    MODEL.replace("partner", destination) + `file: {name: "{generation:06}-{change}-{part}", folder: "${folder}"}\n`;
  const files = {
    "config.yaml": config,
    "models/users.yaml": to("partner", "in/x"),
    "models/same.yaml": to("partner", "in/x"),
    "models/within.yaml": to("inner", "x"),
    "models/apart.yaml": to("inner", "y"),
    "models/elsewhere.yaml": to("other", "in/x"),
  };
  expect(await problems(files)).toMatchInlineSnapshot(`
    "
    config.yaml:7:34 CONFIG_KEYS_COLLIDE this is where destination "partner" keeps its manifests
      7 |   manifests: {type: local, path: out/_spillway/x}
                                           ^^^^^^^^^^^^^^^ choose another

    models/users.yaml:5:14 CONFIG_KEYS_COLLIDE "users" and "same" (models/same.yaml) could write the same object
      5 | file: {name: "{generation:06}-{change}-{part}", folder: "in/x"}
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ put {stream} into folder or name of both

    models/within.yaml:5:14 CONFIG_KEYS_COLLIDE "within" and "same" (models/same.yaml) could write the same object
      5 | file: {name: "{generation:06}-{change}-{part}", folder: "x"}
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ put {stream} into folder or name of both
    "
  `);
});
