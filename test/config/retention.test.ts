import { expect, test } from "vitest";
import { CONFIG, load, MODEL, problems } from "./temp-project.ts";

const DAY = 86_400_000;

test("what a model keeps is its own, then the project's, then the default, key by key; so it is for a delivery", async () => {
  const { project } = await load({
    "config.yaml": `${CONFIG}retention: {runs: 90d, log: 180d}\n`,
    "models/users.yaml": `${MODEL}retention: {log: forever, held: 36h}\n`,
    "models/plain.yaml": MODEL,
    "models/parted.yaml": MODEL.replace(
      "destination: partner",
      "retention: {log: 7d}\ndeliveries: {a: {destination: partner, retention: {staging: 1h}}}",
    ),
  });
  const kept = Object.fromEntries(project.streams.map(({ name, retention }) => [name, retention]));
  expect(kept).toEqual({
    users: { runs: 90 * DAY, log: null, staging: 7 * DAY, held: 1.5 * DAY },
    plain: { runs: 90 * DAY, log: 180 * DAY, staging: 7 * DAY, held: null },
    "parted.a": { runs: 90 * DAY, log: 7 * DAY, staging: DAY / 24, held: null },
  });
});

test("a target may keep other things", async () => {
  const config = `${CONFIG}retention: {log: 180d}\ntargets: {dev: {retention: {log: 1d}}}\n`;
  const { project } = await load({ "config.yaml": config }, {}, "dev");
  expect(project.streams[0]?.retention?.log).toBe(DAY);
});

test("a time that is none, and a key that there is not, are pointed at", async () => {
  expect(await problems({ "models/users.yaml": `${MODEL}retention: {log: 6 months, generations: 30}\n` })).toMatchInlineSnapshot(`
    "
    models/users.yaml:5:18 CONFIG_INVALID log is not valid
      5 | retention: {log: 6 months, generations: 30}
                           ^^^^^^^^ write a time such as 36h or 90d, or forever

    models/users.yaml:5:28 CONFIG_UNKNOWN_KEY retention: there is no key "generations"
      5 | retention: {log: 6 months, generations: 30}
                                     ^^^^^^^^^^^ known: runs, log, staging, held
    "
  `);
});
