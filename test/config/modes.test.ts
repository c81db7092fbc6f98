import { expect, test } from "vitest";
import { load, MODEL, problems } from "./temp-project.ts";

const model = async (text: string): Promise<string> => problems({ "models/users.yaml": `${MODEL}${text}` });
const loadedStream = async (text: string): Promise<unknown> => (await load({ "models/users.yaml": text })).project.streams[0];

test("mode: append compiles to added rows alone and a cursor with its defaults filled in", async () => {
  expect(await loadedStream(`${MODEL}mode: append\ncursor: {column: seen}\n`)).toMatchObject({
    mode: "append",
    changes: ["added"],
    cursor: { column: "seen", start: null, lagMs: 0, overlapMs: 3_600_000 },
    fileFormat: { groups: [{ name: "added", kinds: ["added"] }] },
  });
  const written =
    "mode: append\nchanges: {events: [added]}\ncursor: {column: seen, start: 2026-01-01T00:00:00+02:00, lag: 5m, overlap: 90d}\n";
  expect(await loadedStream(`${MODEL}${written}`)).toMatchObject({
    cursor: { column: "seen", start: "2025-12-31T22:00:00.000Z", lagMs: 300_000, overlapMs: 7_776_000_000 },
    fileFormat: { groups: [{ name: "events", kinds: ["added"] }] },
  });
});

test("a cursor and mode: append need one another", async () => {
  expect(await model("mode: append\n")).toContain('5:7 CONFIG_INVALID "cursor" is missing: mode: append finds new rows by it');
  expect(await model("cursor: {column: seen}\n")).toContain('CONFIG_INVALID "cursor" has no effect with mode: delta');
  expect(await model("mode: full\ncursor: {column: seen}\n")).toContain('CONFIG_INVALID "cursor" has no effect with mode: full');
});

test("a cursor is refused where one of its keys makes no sense", async () => {
  expect(await model("mode: append\ncursor: {column: seen, start: yesterday, lag: 0s, overlap: 400d, colum: x}\n")).toMatchInlineSnapshot(`
    "
    models/users.yaml:6:31 CONFIG_INVALID start is not valid
      6 | cursor: {column: seen, start: yesterday, lag: 0s, overlap: 400d, colum: x}
                                        ^^^^^^^^^ Invalid ISO date

    models/users.yaml:6:47 CONFIG_INVALID lag is not valid
      6 | cursor: {column: seen, start: yesterday, lag: 0s, overlap: 400d, colum: x}
                                                        ^^ must be more than nothing and at most 365 days

    models/users.yaml:6:60 CONFIG_INVALID overlap is not valid
      6 | cursor: {column: seen, start: yesterday, lag: 0s, overlap: 400d, colum: x}
                                                                     ^^^^ must be more than nothing and at most 365 days

    models/users.yaml:6:66 CONFIG_UNKNOWN_KEY cursor: there is no key "colum"
      6 | cursor: {column: seen, start: yesterday, lag: 0s, overlap: 400d, colum: x}
                                                                           ^^^^^ did you mean "column"?
    "
  `);
});

test("events are told as added alone, and audiences are none", async () => {
  expect(await model("mode: append\ncursor: {column: seen}\nchanges: [added, removed]\n")).toContain(
    "CONFIG_INVALID mode: append tells added rows alone",
  );
  const audiences = `source: warehouse
destination: partner
audiences: {entity: {query: SELECT 1 AS id, key: id}, members: {all: "true"}}
mode: append
cursor: {column: seen}
`;
  expect(await problems({ "models/users.yaml": audiences })).toContain(
    "members of audiences leave again, which mode: append does not tell",
  );
});

test("changes without added are refused, but for what a baseline takes as told", async () => {
  expect(await model("changes: [changed, removed]\n")).toMatchInlineSnapshot(`
    "
    models/users.yaml:5:1 CONFIG_INVALID "changes" without added tells nothing for ever: changes and removals are those of rows that were told
      5 | changes: [changed, removed]
          ^^^^^^^ add added, or set first_run: baseline to take the rows of the first run as told
    "
  `);
  expect(await model("changes: {gone: [removed]}\n")).toContain('"changes" without added tells nothing for ever');
  expect(await loadedStream(`${MODEL}changes: [changed, removed]\nfirst_run: baseline\n`)).toMatchObject({
    changes: ["changed", "removed"],
  });
});

test("removed_columns: key is refused where removed rows have no files of their own", async () => {
  const found = async (text: string): Promise<string> => await model(`removed_columns: key\n${text}`);
  expect(await found("changes: {upsert: [added], rest: [changed, removed]}\n")).toContain('removed rows share the files of "rest"');
  expect(await found("mode: append\ncursor: {column: seen}\n")).toContain('"removed_columns" has no effect where no removed rows are told');
  expect(await found("file: {preset: segment_audience}\ncolumns: {id: id}\n")).toContain("audience files of segment_audience have all");
  expect(await loadedStream(`${MODEL}removed_columns: key\nchanges: {upsert: [added, changed], gone: [removed]}\n`)).toMatchObject({
    removedColumns: "key",
  });
  expect(await loadedStream(`${MODEL}removed_columns: all\n`)).not.toHaveProperty("removedColumns");
});
