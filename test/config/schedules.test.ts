import { expect, test } from "vitest";
import { load, MODEL, problems } from "./temp-project.ts";

const files = (schedule: string) => ({ "models/users.yaml": `${MODEL}schedule: ${schedule}\n` });

test.each([
  ['"0 6 * * *"', { cron: "0 6 * * *", timezone: "UTC", catchUp: "latest" }],
  ['"@hourly"', { cron: "@hourly", timezone: "UTC", catchUp: "latest" }],
  [
    '{cron: "*/10 0 6 * * MON-FRI", timezone: Europe/Berlin, catch_up: none}',
    { cron: "*/10 0 6 * * MON-FRI", timezone: "Europe/Berlin", catchUp: "none" },
  ],
])("schedule: %s is what the stream gets", async (written, schedule) => {
  const { project, warnings } = await load(files(written));
  expect(project.streams[0]?.schedule).toEqual(schedule);
  expect(warnings).toEqual([]);
});

test("a model without a schedule has none", async () => {
  expect((await load({})).project.streams[0]).not.toHaveProperty("schedule");
});

test("each field that is wrong is pointed at, and so is the zone", async () => {
  expect(await problems(files('{cron: "0 25 * * MOM", timezone: Europe/Berln}'))).toMatchInlineSnapshot(`
    "
    models/users.yaml:5:21 CONFIG_INVALID "25" is no hour of a cron expression
      5 | schedule: {cron: "0 25 * * MOM", timezone: Europe/Berln}
                              ^^ hours go from 0 to 23

    models/users.yaml:5:28 CONFIG_INVALID "MOM" is no day of the week of a cron expression
      5 | schedule: {cron: "0 25 * * MOM", timezone: Europe/Berln}
                                     ^^^ days of the week go from 0 (Sunday) to 6, or MON, MON#1, 5L

    models/users.yaml:5:44 CONFIG_UNKNOWN_NAME there is no time zone "Europe/Berln"
      5 | schedule: {cron: "0 25 * * MOM", timezone: Europe/Berln}
                                                     ^^^^^^^^^^^^ did you mean "Europe/Berlin"?
    "
  `);
});

test.each([
  ['"0 6 * *"', "a cron expression has 5 or 6 fields, and this one has 4"],
  ['"0 0 6 * * * *"', "a cron expression has 5 or 6 fields, and this one has 7"],
  ['"@reboot"', '"@reboot" is no cron expression'],
  ['"0 6 31 2 *"', "no month that is meant has such a day"],
  ['""', "schedule"],
  ["{timezone: UTC}", '"cron" is missing'],
  ['{cron: "@daily", timezone: "+01:00"}', 'there is no time zone "+01:00"'],
  ['{cron: "@daily", catch_up: all}', "catch_up"],
])("schedule: %s is refused", async (written, message) => {
  const told = await problems(files(written));
  expect(told).toMatch(/models\/users\.yaml:5:\d+ CONFIG_/);
  expect(told).toContain(message);
});

test("days of the month and of the week together are told to mean both", async () => {
  expect((await load(files('"0 6 1 * MON"'))).warnings.join()).toContain("only days that are both are meant");
});

test("a source says how many runs it takes at a time, and its adapter is not bothered with it", async () => {
  const config =
    "version: 1\nsources: {warehouse: {type: duckdb, max_concurrent_runs: 2}}\ndestinations: {partner: {type: local, path: out}}\n";
  const { project } = await load({ "config.yaml": config });
  expect(project.streams[0]?.source).toEqual({ name: "warehouse", type: "duckdb", options: { type: "duckdb" }, maxConcurrentRuns: 2 });
  expect(await problems({ "config.yaml": config.replace("runs: 2", "runs: 0") })).toContain("max_concurrent_runs");
});

test.each([
  ['checkpoint: "0 6 * * 1"', { cron: "0 6 * * 1", timezone: "UTC" }],
  ['schedule: {cron: "@daily", timezone: Europe/Berlin}\ncheckpoint: "0 6 * * 1"', { cron: "0 6 * * 1", timezone: "Europe/Berlin" }],
  [
    'schedule: {cron: "@daily", timezone: Europe/Berlin}\ncheckpoint: {cron: "@weekly", timezone: Asia/Tokyo}',
    { cron: "@weekly", timezone: "Asia/Tokyo" },
  ],
])("%s goes by the clocks of the schedule unless it names its own", async (written, checkpoint) => {
  expect((await load({ "models/users.yaml": `${MODEL}${written}\n` })).project.streams[0]?.checkpoint).toEqual(checkpoint);
});

test.each([
  ['"0 6 * * 8"', '"8" is no day of the week of a cron expression'],
  ['{cron: "@weekly", timezone: Asia/Tokio}', 'there is no time zone "Asia/Tokio"'],
  ['"@weekly"\nmode: full', '"checkpoint" has no effect with mode: full: every delivery tells all rows anyway'],
  ['"@weekly"\nmode: append\ncursor: {column: seen}', "there is no whole table to tell"],
])("checkpoint: %s is refused", async (written, message) => {
  const told = await problems({ "models/users.yaml": `${MODEL}checkpoint: ${written}\n` });
  expect(told).toMatch(/models\/users\.yaml:5:\d+ CONFIG_/);
  expect(told).toContain(message);
});
