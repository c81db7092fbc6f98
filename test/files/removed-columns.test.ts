import { expect, test } from "vitest";
import type { Column, OutputColumn } from "../../src/core/types.ts";
import { resolveMapping } from "../../src/files/mapping.ts";

const SOURCE: readonly Column[] = ["user_id", "audience", "email", "plan"].map((name) => ({ name, type: "text", kind: "text" }));

function removedColumns(columns: readonly OutputColumn[] | null, primaryKey: readonly string[] = ["user_id"]): readonly string[] {
  const stream = { name: "users", file: "models/users.yaml", primaryKey, ignoreChangesIn: [], columns, removedColumns: "key" as const };
  const { header, removed = [] } = resolveMapping(stream, SOURCE);
  return removed.map((at) => header[at]?.name ?? "");
}

const from = (name: string, column: string): OutputColumn => ({ name, value: { from: "column", column } });

test("files of removed rows keep what is made of the key, constants and facts of the run, and nothing that was told of the row", () => {
  const columns: readonly OutputColumn[] = [
    from("Plan", "plan"),
    { name: "Hash", value: { from: "column", column: "user_id" }, steps: [{ step: "apply", name: "sha256" }] },
    { name: "Partner", value: { from: "value", text: "acme" } },
    { name: "Name", value: { from: "template", parts: [{ column: "user_id" }, { column: "email" }] } },
    { name: "Tag", value: { from: "template", parts: [{ text: "id-" }, { column: "user_id" }] } },
    { name: "Action", value: { from: "metadata", field: "_change" } },
    { name: "Was", value: { from: "previous", output: "Plan" } },
    { name: "Traits", value: { from: "object", members: [from("id", "user_id"), from("mail", "email")] } },
  ];
  expect(removedColumns(columns)).toEqual(["Hash", "Partner", "Tag", "Action"]);
  expect(removedColumns(null, ["audience", "user_id"])).toEqual(["user_id", "audience"]);
});

test("a key that no such column holds whole is refused, for the row could not be told from others", () => {
  const columns = [
    from("Id", "user_id"),
    { name: "Where", value: { from: "template", parts: [{ column: "audience" }, { column: "plan" }] } },
  ];
  expect(() => removedColumns(columns as OutputColumn[], ["user_id", "audience"])).toThrow(
    expect.objectContaining({ code: "MODEL_COLUMN_UNFIT", message: expect.stringContaining("made of audience alone") as string }) as Error,
  );
});
