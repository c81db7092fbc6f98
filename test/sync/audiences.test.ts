import { expect, test } from "vitest";
import { sqlText } from "../../src/engine/sql-literal.ts";
import { audienceStory } from "../support/audience-world.ts";

test("people enter, leave and move between three audiences; one is added and one taken away: each receiver holds its members", async () => {
  const story = audienceStory(null, (people) => {
    const rows = Object.entries(people).map(
      ([id, { ltv, country, email }]) => `(${id}, ${ltv}, ${country === null ? "NULL" : sqlText(country)}, ${sqlText(email)})`,
    );
    return `SELECT * FROM (VALUES ${rows.join(", ")}) AS t(id, ltv, country, email)`;
  });
  await expect(story).resolves.toBeUndefined();
});
