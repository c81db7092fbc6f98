import { expect, test } from "vitest";
import { CONFIG, load, MODEL, problems } from "./temp-project.ts";

const GIVEN = `${CONFIG}defaults:
  guards: {max_removed: 10%, min_rows: 5}
  file: {delimiter: ";", quote: all}
  schedule: "@daily"
`;

test("defaults hold for every model, and the model's own keys win, key by key", async () => {
  const { project } = await load({
    "config.yaml": GIVEN,
    "models/users.yaml": `${MODEL}guards: {max_removed: 50}\nfile: {quote: none}\n`,
    "models/plain.yaml": `${MODEL}file: {folder: plain}\n`,
  });
  const [plain, users] = project.streams;
  expect(users?.guards).toMatchObject({ maxRemoved: { rows: 50 }, minRows: 5, maxChanged: { percent: 50 } });
  expect(users?.fileFormat).toMatchObject({ delimiter: ";", quote: "none" });
  expect(plain?.guards).toMatchObject({ maxRemoved: { percent: 10 }, minRows: 5 });
  expect(plain?.fileFormat).toMatchObject({ delimiter: ";", quote: "all" });
  expect(plain?.schedule).toMatchObject({ cron: "@daily" });
});

test("defaults of a destination win over those of the project and hold for what goes there alone", async () => {
  const config = GIVEN.replace("path: out}", 'path: out, defaults: {file: {delimiter: "|"}}}\n  other: {type: local, path: elsewhere}');
  const { project } = await load({
    "config.yaml": config,
    "models/users.yaml": MODEL,
    "models/others.yaml": MODEL.replace("partner", "other"),
  });
  const delimiters = project.streams.map(({ name, fileFormat }) => [name, fileFormat.delimiter, fileFormat.quote]);
  expect(delimiters).toEqual([
    ["others", ";", "all"],
    ["users", "|", "all"],
  ]);
});

test("guards that are off, or a schedule of another form, replace the default whole", async () => {
  const text = `${MODEL}guards: off\nschedule: {cron: 0 6 * * *, timezone: Europe/Berlin}\n`;
  const { project } = await load({ "config.yaml": GIVEN, "models/users.yaml": text });
  expect(project.streams[0]).toMatchObject({ guards: null, schedule: { cron: "0 6 * * *", timezone: "Europe/Berlin" } });
});

test("what is wrong with a default is told once, at its line in config.yaml", async () => {
  const wrong = GIVEN.replace("quote: all", "qoute: all").replace("min_rows: 5", "min_rows: many");
  expect(await problems({ "config.yaml": wrong, "models/plain.yaml": MODEL })).toMatchInlineSnapshot(`
    "
    config.yaml:7:40 CONFIG_INVALID min_rows has to be a number, not text
      7 |   guards: {max_removed: 10%, min_rows: many}
                                                 ^^^^

    config.yaml:8:26 CONFIG_UNKNOWN_KEY defaults.file: there is no key "qoute"
      8 |   file: {delimiter: ";", qoute: all}
                                   ^^^^^ did you mean "quote"?
    "
  `);
});

test("a default that does not fit a model is told where it was written", async () => {
  const text = `${MODEL}file: {format: parquet}\n`;
  expect(await problems({ "config.yaml": GIVEN, "models/users.yaml": text })).toMatchInlineSnapshot(`
    "
    config.yaml:8:10 CONFIG_INVALID "delimiter" has no effect with format: parquet
      8 |   file: {delimiter: ";", quote: all}
                   ^^^^^^^^^ take it away

    config.yaml:8:26 CONFIG_INVALID "quote" has no effect with format: parquet
      8 |   file: {delimiter: ";", quote: all}
                                   ^^^^^ take it away
    "
  `);
});

test("keys that are no model's defaults are refused", async () => {
  const wrong = `${CONFIG}defaults: {query: SELECT 1, columns: {a: b}}\n`;
  expect(await problems({ "config.yaml": wrong })).toMatchInlineSnapshot(`
    "
    config.yaml:6:12 CONFIG_UNKNOWN_KEY defaults: there is no key "query"
      6 | defaults: {query: SELECT 1, columns: {a: b}}
                     ^^^^^ known: mode, changes, first_run, guards, on_schema_change, alerts, schedule, file

    config.yaml:6:29 CONFIG_UNKNOWN_KEY defaults: there is no key "columns"
      6 | defaults: {query: SELECT 1, columns: {a: b}}
                                      ^^^^^^^ known: mode, changes, first_run, guards, on_schema_change, alerts, schedule, file
    "
  `);
});

test("recipients' keys are looked for beside the file that names them", async () => {
  const key = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n";
  const config = `${CONFIG}defaults: {file: {pgp: {recipients: [keys/acme.asc]}}}\n`;
  const { project } = await load({ "config.yaml": config, "keys/acme.asc": key });
  expect(project.streams[0]?.fileFormat.recipients).toEqual([key]);
});
