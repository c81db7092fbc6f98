import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { buildClaim, buildManifest, manifestJsonSchema, type ManifestFacts } from "../../src/files/manifest.ts";
import { PLAIN_CSV } from "../support/plain-csv.ts";

const hash = (text: string): string => createHash("sha256").update(text).digest("hex");

function facts(changes: Partial<ManifestFacts> = {}): ManifestFacts {
  const object = (change: "added" | "changed" | "removed", part: number, rows: number) => ({
    change,
    part,
    key: `users-000002-${change}-000${part}.csv`,
    rows,
    size: rows * 10,
    sha256: hash(`${change}${part}`),
  });
  return {
    stream: "users",
    kind: "delta",
    generation: 2,
    previous: { generation: 1, sha256: hash("one") },
    stateId: "state1",
    run: "01RUN",
    slot: "2024-03-01T06:00:00.000Z",
    format: { ...PLAIN_CSV, nullText: "\\N" },
    mapping: {
      header: [
        { name: "Id", output: 0 },
        { name: "Action", metadata: "_change" },
        { name: "Slot", metadata: "_scheduled_at" },
      ],
      outputs: [{ name: "Id", kind: "integer", ignored: false, sources: ["id"], expression: (column) => column("id") }],
    },
    counts: { removed: 4, changed: 3, added: 6, full: 0 },
    objects: [object("added", 2, 1), object("added", 1, 5), object("changed", 1, 3), object("removed", 1, 4)],
    ...changes,
  };
}

/** The same object with its keys in the opposite order. */
function backwards<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).toReversed()) as T;
}

function read(bytes: Buffer): Record<string, unknown> {
  const parsed: unknown = JSON.parse(bytes.toString());
  return { ...(parsed as object) };
}

describe("a manifest", () => {
  test("stands below the reserved folder, under its generation", () => {
    expect(buildManifest(facts()).key).toBe("_spillway/users/000002.json");
    expect(buildManifest(facts({ generation: 1_234_567 })).key).toBe("_spillway/users/1234567.json");
  });

  test("has these bytes", () => {
    const { objects } = facts();
    expect(buildManifest(facts({ objects: objects.slice(0, 1) })).bytes.toString()).toBe(`{
  "version": 1,
  "stream": "users",
  "kind": "delta",
  "generation": 2,
  "previous": {
    "generation": 1,
    "sha256": "${hash("one")}"
  },
  "state_id": "state1",
  "run_id": "01RUN",
  "slot": "2024-03-01T06:00:00.000Z",
  "format": {
    "format": "csv",
    "delimiter": ",",
    "header": true,
    "quote": "minimal",
    "null": "\\\\N",
    "newline": "lf",
    "bom": false,
    "formula_guard": false,
    "unencodable": "fail",
    "timestamp": "iso",
    "timezone": "UTC",
    "boolean": [
      "true",
      "false"
    ],
    "compression": "none",
    "encryption": "none"
  },
  "columns": [
    {
      "name": "Id",
      "type": "integer",
      "metadata": null
    },
    {
      "name": "Action",
      "type": "text",
      "metadata": "_change"
    },
    {
      "name": "Slot",
      "type": "timestamp_tz",
      "metadata": "_scheduled_at"
    }
  ],
  "changes": [
    {
      "name": "added",
      "kinds": [
        "added"
      ]
    }
  ],
  "rows": {
    "removed": 0,
    "changed": 0,
    "added": 6,
    "full": 0
  },
  "objects": [
    {
      "change": "added",
      "split": {},
      "part": 2,
      "key": "users-000002-added-0002.csv",
      "rows": 1,
      "size": 10,
      "sha256": "${hash("added2")}"
    }
  ]
}
`);
  });

  test("lists objects in the order to apply them and counts their rows", () => {
    const manifest = read(buildManifest(facts()).bytes);
    expect(manifest["objects"]).toMatchObject([
      { change: "removed" },
      { change: "changed" },
      { change: "added", part: 1 },
      { change: "added", part: 2 },
    ]);
    expect(manifest["rows"]).toEqual({ removed: 4, changed: 3, added: 6, full: 0 });
  });

  test("has the same bytes whatever the order of keys and objects in memory", () => {
    const shuffled = facts().objects.toReversed().map(backwards);
    const other = backwards({ ...facts(), objects: shuffled });
    expect(buildManifest(other).bytes).toEqual(buildManifest(facts()).bytes);
  });

  test("tells nothing of an object but what a consumer may know", () => {
    const planned = facts().objects.map((object) => ({ ...object, staged: "staging/x" }));
    expect(buildManifest(facts({ objects: planned })).bytes.toString()).not.toContain("staged");
  });

  test.each([
    ["a generation of 0", { generation: 0 }, "generation"],
    ["a hash that is none", { previous: { generation: 1, sha256: "abc" } }, "sha256"],
    ["a slot that is no instant", { slot: "yesterday" }, "slot"],
  ])("is not built with %s", (_, wrong, named) => {
    expect(() => buildManifest(facts(wrong))).toThrow(named);
  });

  test("fits the published schema, also when a later version adds keys", () => {
    const valid = new Ajv({ formats: { "date-time": true } }).compile(manifestJsonSchema());
    const manifest = read(buildManifest(facts()).bytes);
    expect(valid(manifest)).toBe(true);
    expect(valid({ ...manifest, later: 1 })).toBe(true);
    expect(valid({ ...manifest, generation: "2" })).toBe(false);
    expect(valid({ ...manifest, objects: [{ key: "x" }] })).toBe(false);
  });

  test("has a published schema that is in step (npm run schemas writes it)", async () => {
    const published: unknown = JSON.parse(await readFile("schema/manifest.schema.json", "utf8"));
    expect(published).toEqual(JSON.parse(JSON.stringify(manifestJsonSchema())));
  });
});

test("a claim names the stream and its state, and is the same for every run", () => {
  const claim = buildClaim("users", "state1");
  expect(claim.key).toBe("_spillway/users/claim.json");
  expect(claim.bytes.toString()).toBe('{\n  "version": 1,\n  "stream": "users",\n  "state_id": "state1"\n}\n');
  expect(buildClaim("users", "state1").bytes).toEqual(claim.bytes);
});
