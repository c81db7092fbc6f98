import { expect, test } from "vitest";
import { problems } from "./temp-project.ts";

const model = async (text: string): Promise<string> => problems({ "models/users.yaml": text });

test("keys of the format that do nothing yet are refused by name, not ignored", async () => {
  const text = `source: warehouse
destination: partner
query: SELECT 1 AS id
where: id > 0
primary_key: id
mode: append
changes: {upsert: [added, changed]}
checkpoint: "0 6 * * 1"
diff_in: warehouse
on_schema_change: hold
columns:
  "*": "*"
  A: {from: a, apply: [trim], path: $.x, map: {a: b}, default: c, format: "%Y"}
  B: {from: _previous.A}
  C: _changed_columns
file: {format: parquet, newline: crlf, bom: true, split_by: [_change], compression: gzip, quote: none, done_file: x, pgp: {}}
schedule: "0 6 * * *"
guards: off
alerts: [ops]
`;
  expect(await model(text)).toMatchInlineSnapshot(`
    "
    models/users.yaml:4:1 CONFIG_NOT_SUPPORTED_YET a trigger condition ("where") is not supported yet
      4 | where: id > 0
          ^^^^^ take it away

    models/users.yaml:6:1 CONFIG_NOT_SUPPORTED_YET the mode ("mode: append") is not supported yet
      6 | mode: append
          ^^^^ take it away

    models/users.yaml:7:1 CONFIG_NOT_SUPPORTED_YET named changes ("changes") is not supported yet
      7 | changes: {upsert: [added, changed]}
          ^^^^^^^ take it away

    models/users.yaml:8:1 CONFIG_NOT_SUPPORTED_YET checkpoints ("checkpoint") is not supported yet
      8 | checkpoint: "0 6 * * 1"
          ^^^^^^^^^^ take it away

    models/users.yaml:9:1 CONFIG_NOT_SUPPORTED_YET the choice of where to compare ("diff_in") is not supported yet
      9 | diff_in: warehouse
          ^^^^^^^ take it away

    models/users.yaml:10:1 CONFIG_NOT_SUPPORTED_YET a choice for changed columns ("on_schema_change") is not supported yet
      10 | on_schema_change: hold
           ^^^^^^^^^^^^^^^^ take it away

    models/users.yaml:12:3 CONFIG_NOT_SUPPORTED_YET the rest of the columns ("*: *") is not supported yet
      12 |   "*": "*"
             ^^^ take it away

    models/users.yaml:13:16 CONFIG_NOT_SUPPORTED_YET transforming a column ("apply") is not supported yet
      13 |   A: {from: a, apply: [trim], path: $.x, map: {a: b}, default: c, format: "%Y"}
                          ^^^^^ take it away

    models/users.yaml:13:31 CONFIG_NOT_SUPPORTED_YET taking a part of a JSON column ("path") is not supported yet
      13 |   A: {from: a, apply: [trim], path: $.x, map: {a: b}, default: c, format: "%Y"}
                                         ^^^^ take it away

    models/users.yaml:13:42 CONFIG_NOT_SUPPORTED_YET mapping values ("map") is not supported yet
      13 |   A: {from: a, apply: [trim], path: $.x, map: {a: b}, default: c, format: "%Y"}
                                                    ^^^ take it away

    models/users.yaml:13:55 CONFIG_NOT_SUPPORTED_YET a default for a column ("default") is not supported yet
      13 |   A: {from: a, apply: [trim], path: $.x, map: {a: b}, default: c, format: "%Y"}
                                                                 ^^^^^^^ take it away

    models/users.yaml:13:67 CONFIG_NOT_SUPPORTED_YET formatting a column ("format") is not supported yet
      13 |   A: {from: a, apply: [trim], path: $.x, map: {a: b}, default: c, format: "%Y"}
                                                                             ^^^^^^ take it away

    models/users.yaml:14:7 CONFIG_NOT_SUPPORTED_YET the value last delivered ("from: _previous.A") is not supported yet
      14 |   B: {from: _previous.A}
                 ^^^^ take it away

    models/users.yaml:15:3 CONFIG_NOT_SUPPORTED_YET the names of changed columns ("C: _changed_columns") is not supported yet
      15 |   C: _changed_columns
             ^ take it away

    models/users.yaml:16:8 CONFIG_NOT_SUPPORTED_YET the file format ("format: parquet") is not supported yet
      16 | file: {format: parquet, newline: crlf, bom: true, split_by: [_change], compression: gzip, quote: none, done_file: x, pgp…
                  ^^^^^^ take it away

    models/users.yaml:16:25 CONFIG_NOT_SUPPORTED_YET a choice of line ends ("newline") is not supported yet
      16 | file: {format: parquet, newline: crlf, bom: true, split_by: [_change], compression: gzip, quote: none, done_file: x, pgp…
                                   ^^^^^^^ take it away

    models/users.yaml:16:40 CONFIG_NOT_SUPPORTED_YET a byte order mark ("bom") is not supported yet
      16 | file: {format: parquet, newline: crlf, bom: true, split_by: [_change], compression: gzip, quote: none, done_file: x, pgp…
                                                  ^^^ take it away

    models/users.yaml:16:51 CONFIG_NOT_SUPPORTED_YET splitting files by value ("split_by") is not supported yet
      16 | file: {format: parquet, newline: crlf, bom: true, split_by: [_change], compression: gzip, quote: none, done_file: x, pgp…
                                                             ^^^^^^^^ take it away

    models/users.yaml:16:72 CONFIG_NOT_SUPPORTED_YET compression ("compression") is not supported yet
      16 | … {format: parquet, newline: crlf, bom: true, split_by: [_change], compression: gzip, quote: none, done_file: x, pgp: {}}
                                                                              ^^^^^^^^^^^ take it away

    models/users.yaml:16:91 CONFIG_NOT_SUPPORTED_YET the quoting ("quote: none") is not supported yet
      16 | … {format: parquet, newline: crlf, bom: true, split_by: [_change], compression: gzip, quote: none, done_file: x, pgp: {}}
                                                                                                 ^^^^^ take it away

    models/users.yaml:16:104 CONFIG_NOT_SUPPORTED_YET a done file ("done_file") is not supported yet
      16 | … {format: parquet, newline: crlf, bom: true, split_by: [_change], compression: gzip, quote: none, done_file: x, pgp: {}}
                                                                                                              ^^^^^^^^^ take it away

    models/users.yaml:16:118 CONFIG_NOT_SUPPORTED_YET PGP encryption ("pgp") is not supported yet
      16 | … {format: parquet, newline: crlf, bom: true, split_by: [_change], compression: gzip, quote: none, done_file: x, pgp: {}}
                                                                                                                            ^^^ take it away

    models/users.yaml:17:1 CONFIG_NOT_SUPPORTED_YET a schedule ("schedule") is not supported yet
      17 | schedule: "0 6 * * *"
           ^^^^^^^^ take it away

    models/users.yaml:18:1 CONFIG_NOT_SUPPORTED_YET guards ("guards") is not supported yet
      18 | guards: off
           ^^^^^^ take it away

    models/users.yaml:19:1 CONFIG_NOT_SUPPORTED_YET alerts ("alerts") is not supported yet
      19 | alerts: [ops]
           ^^^^^^ take it away
    "
  `);
});

test("deliveries are refused alone, without what their absence would break", async () => {
  const text = `source: warehouse
query: SELECT 1 AS id
primary_key: id
deliveries: {acme: {destination: partner}}
`;
  expect(await model(text)).toMatchInlineSnapshot(`
    "
    models/users.yaml:4:1 CONFIG_NOT_SUPPORTED_YET several deliveries of one model ("deliveries") is not supported yet
      4 | deliveries: {acme: {destination: partner}}
          ^^^^^^^^^^ take it away
    "
  `);
});
