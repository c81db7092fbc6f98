import { expect, test } from "vitest";
import { CONFIG, load, problems } from "./temp-project.ts";

const PLACES = `${CONFIG.trimEnd()}
  other: {type: local, path: other, defaults: {file: {delimiter: "|"}}}
`;

const MODEL = `source: warehouse
query: SELECT 1 AS id, 'a' AS email
primary_key: id
guards: {max_removed: 5%}
columns: {Id: id, Email: email}
deliveries:
  acme: {destination: partner, guards: {min_rows: 7}}
  beta: {destination: other, columns: {Id: id}, file: {header: false}, enabled: false, schedule: "@hourly"}
`;

const read = async (model: string) => load({ "config.yaml": PLACES, "models/users.yaml": model });
const refused = async (model: string): Promise<string> => problems({ "config.yaml": PLACES, "models/users.yaml": model });

test("each delivery of a model is a stream with its own destination, mapping, files and guards over what the model says", async () => {
  const { project } = await read(MODEL);
  const [acme, beta] = project.streams;
  expect(project.streams).toHaveLength(2);
  expect(acme).toMatchObject({ name: "users.acme", model: "users", delivery: "acme", enabled: true, primaryKey: ["id"] });
  expect(acme?.destination.name).toBe("partner");
  expect(acme?.guards).toMatchObject({ maxRemoved: { percent: 5 }, minRows: 7 });
  expect(acme?.columns?.map(({ name }) => name)).toEqual(["Id", "Email"]);
  expect(beta).toMatchObject({ name: "users.beta", delivery: "beta", enabled: false, schedule: { cron: "@hourly" } });
  expect(beta?.columns?.map(({ name }) => name)).toEqual(["Id"]);
  expect(beta?.fileFormat).toMatchObject({ header: false, delimiter: "|" });
});

test("what is wrong is told once, where it was written", async () => {
  const wrong = MODEL.replace("header: false", "haeder: false")
    .replace("destination: other", "destination: othr")
    .replace("acme:", "Acme:");
  expect(await refused(wrong)).toMatchInlineSnapshot(`
    "
    models/users.yaml:7:3 CONFIG_INVALID "Acme" is not possible here
      7 |   Acme: {destination: partner, guards: {min_rows: 7}}
            ^^^^ lower-case letters, digits, \`_\` and \`-\`, a letter first, 50 at most

    models/users.yaml:8:55 CONFIG_UNKNOWN_KEY deliveries.beta.file: there is no key "haeder"
      8 |   beta: {destination: othr, columns: {Id: id}, file: {haeder: false}, enabled: false, schedule: "@hourly"}
                                                                ^^^^^^ did you mean "header"?
    "
  `);
  expect(await refused(MODEL.replace("destination: other", "destination: othr"))).toMatchInlineSnapshot(`
    "
    models/users.yaml:8:23 CONFIG_UNKNOWN_NAME there is no destination "othr"
      8 |   beta: {destination: othr, columns: {Id: id}, file: {header: false}, enabled: false, schedule: "@hourly"}
                                ^^^^ did you mean "other"?
    "
  `);
  expect(await refused(MODEL.replace("primary_key: id\n", ""))).toMatchInlineSnapshot(`
    "
    models/users.yaml:1:1 CONFIG_INVALID "primary_key" is missing
      1 | source: warehouse
          ^ name the columns that tell the rows apart, e.g. primary_key: [user_id]
    "
  `);
});

test("a model says where it goes in one way", async () => {
  expect(await refused(`destination: partner\n${MODEL}`)).toMatchInlineSnapshot(`
    "
    models/users.yaml:1:14 CONFIG_INVALID destination is not valid
      1 | destination: partner
                       ^^^^^^^ with \`deliveries\`, each names its own: take one of the two away
    "
  `);
  expect(await refused(MODEL.replace(/deliveries:[^]*/, ""))).toMatchInlineSnapshot(`
    "
    models/users.yaml:1:1 CONFIG_INVALID "destination" is missing
      1 | source: warehouse
          ^ name a destination of config.yaml, or give \`deliveries\`
    "
  `);
  expect(await refused(MODEL.replace(/deliveries:[^]*/, "deliveries: {}\n"))).toMatchInlineSnapshot(`
    "
    models/users.yaml:6:1 CONFIG_INVALID deliveries is not valid
      6 | deliveries: {}
          ^^^^^^^^^^ name at least one delivery
    "
  `);
});

test("keys that are the model's alone are refused below a delivery", async () => {
  expect(await refused(MODEL.replace("acme: {", "acme: {query: SELECT 2, "))).toMatchInlineSnapshot(`
    "
    models/users.yaml:7:10 CONFIG_UNKNOWN_KEY deliveries.acme: there is no key "query"
      7 |   acme: {query: SELECT 2, destination: partner, guards: {min_rows: 7}}
                   ^^^^^ known: destination, enabled, mode, changes, removed_columns, checkpoint, first_run, ignore_changes_in, and 7 more
    "
  `);
});

test("two deliveries whose objects could meet are refused", async () => {
  const same = MODEL.replace("destination: other", "destination: partner").replaceAll("enabled: false", "enabled: true");
  expect(await refused(`${same}file: {name: "{generation}-{change}-{part}", folder: in}\n`)).toMatchInlineSnapshot(`
    "
    models/users.yaml:9:14 CONFIG_KEYS_COLLIDE "users.beta" and "users.acme" (models/users.yaml) could write the same object
      9 | file: {name: "{generation}-{change}-{part}", folder: in}
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ put {stream} into folder or name of both
    "
  `);
  const apart = await read(same);
  expect(apart.project.streams).toHaveLength(2);
});
