import { expect, test } from "vitest";
import { MAX_CHARACTERS, planMarkdown, type PlannedStream } from "../../../src/cli/render/plan-markdown.ts";
import { SyncError } from "../../../src/core/errors.ts";
import type { PlanPreview } from "../../../src/sync/plan-stream.ts";

const COUNTS = { current: 812, added: 12, changed: 3, removed: 0, unchanged: 797, full: 0, refreshed: 0, snapshotAfter: 812 };

function planned(stream: string, parts: Partial<PlanPreview> = {}, hidesNames = false): PlannedStream {
  const plan: PlanPreview = {
    stream,
    run: "01RUN",
    outcome: "deliver",
    generation: 42,
    kind: "delta",
    slot: "2026-11-23T06:00:00.000Z",
    base: { generation: 41, rows: 800, at: "2026-11-22T06:00:00.000Z", watermark: null },
    audiences: [],
    window: null,
    counts: COUNTS,
    changedColumns: [{ name: "Tier", rows: 3 }],
    files: [{ key: "users/42/added.csv", change: "added", rows: 12, size: 1200, sha256: "0" }],
    manifest: null,
    verdict: { checks: [{ guard: "max_removed", ok: true, text: "removed 0 of 800 rows, max_removed is 20 %" }], schema: null },
    samples: [],
    planFile: null,
    estimate: null,
    ...parts,
  };
  return { stream, destination: "partner", plan, hidesNames };
}

const FAILED: PlannedStream = {
  stream: "leads",
  destination: "partner",
  error: new SyncError("SOURCE_QUERY_FAILED", 'column "x" does not exist', { hint: "Mend the query." }),
};

test("streams stand in a table, what each would do behind a click, and what cannot be planned says why", () => {
  const unchanged = planned("churn", { outcome: "unchanged", counts: { ...COUNTS, added: 0, changed: 0, unchanged: 812 } });
  expect(planMarkdown([planned("users"), unchanged, FAILED])).toMatchInlineSnapshot(`
    "<!-- spillway plan -->
    ### Spillway plan

    3 streams: 1 cannot be planned, 1 would deliver, 1 without changes.

    | stream | to | added | changed | removed | rows | outcome |
    | --- | --- | --: | --: | --: | --: | --- |
    | \`users\` | \`partner\` | 12 (1.50 %) | 3 (0.38 %) | 0 | 812 | delivers |
    | \`churn\` | \`partner\` | 0 | 0 | 0 | 812 | no changes |
    | \`leads\` | \`partner\` |  |  |  |  | :x: \`SOURCE_QUERY_FAILED\` |

    <details><summary><code>users</code> gen 42</summary>

    Compared with gen 41 of 2026-11-22 06:00 UTC, 800 rows.

    **Guards**
    - :white_check_mark: removed 0 of 800 rows, max_removed is 20 %

    **Changed columns** \`Tier\` 3

    | file | rows | size |
    | --- | --: | --: |
    | \`users/42/added.csv\` | 12 | 1.2 kB |

    </details>

    <details><summary><code>leads</code> cannot be planned</summary>

    \`\`\`text
    SOURCE_QUERY_FAILED  column "x" does not exist
      Mend the query.
    \`\`\`

    </details>

    _Nothing was written or delivered._"
  `);
});

test("names and texts of a project cannot break out of where they stand", () => {
  const bad = "a|b`c</code></details>\n@team ![x](http://y) <script>";
  const verdict = { checks: [{ guard: "max_removed", ok: false, text: bad }], schema: { differences: [bad], effect: "hold" } } as const;
  const samples = [{ change: "added", outputs: [bad], rows: [{ after: ["```\n# big"], before: null }] }] as const;
  const files = [{ key: bad, change: "added", rows: 1, size: 1, sha256: "0" }];
  const text = planMarkdown([planned("users", { verdict, samples, files, changedColumns: [{ name: bad, rows: 1 }] })]);
  const [outside, inside = ""] = [
    text.replace(/^````diff\n[^]*?^````$/m, ""),
    /^````diff\n(?<rows>[^]*?)^````$/m.exec(text)?.groups?.["rows"],
  ];
  expect(outside).not.toMatch(/<script|@team|!\[|\]\(|\n# big/);
  expect(outside.match(/<\/details>/g)).toHaveLength(1);
  expect(outside.match(/^\| .*a&#124;b.* \|$/gm)).toHaveLength(1);
  expect(inside).toContain("```");
});

test("names of files that hold values of rows are told by kind of change", () => {
  const files = ["gold", "silver"].map((tier) => ({ key: `users/${tier}.csv`, change: "added", rows: 6, size: 600, sha256: "0" }));
  const text = planMarkdown([planned("users", { files }, true)]);
  expect(text).toContain("| 2 files of `added` | 12 | 1.2 kB |");
  expect(text).not.toContain("gold");
});

test.each([1, 60, 2000])("%i streams make a comment that is short enough", (streams) => {
  const files = Array.from({ length: 400 }, (_, part) => ({
    key: `users/${"x".repeat(90)}-${part}.csv`,
    change: "added",
    rows: 1,
    size: 1,
    sha256: "0",
  }));
  const text = planMarkdown(Array.from({ length: streams }, (_, at) => planned(`users-${at}`, { files })));
  expect(text.length).toBeLessThanOrEqual(MAX_CHARACTERS);
  expect(text).toContain("… and 380 more files | 380 | 380 B");
  expect(text.includes("are left out: a comment holds no more")).toBe(streams > 1);
  expect(text.includes("more streams._\n")).toBe(streams > 1000);
  expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length);
});

test("details of a stream that alone is too long give way to those of others", () => {
  const wide = { differences: Array.from({ length: 4000 }, (_, at) => `column c${at} is new`), effect: "hold" } as const;
  const text = planMarkdown([planned("wide", { verdict: { checks: [], schema: wide } }), planned("users")]);
  expect(text).toContain("<summary><code>users</code> gen 42</summary>");
  expect(text).toContain("_Details of 1 more stream are left out");
});
