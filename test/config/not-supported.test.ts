import { expect, test } from "vitest";
import { problems } from "./temp-project.ts";

const model = async (text: string): Promise<string> => problems({ "models/users.yaml": text });

test("keys of the format that do nothing yet are refused by name, not ignored", async () => {
  const text = `source: warehouse
destination: partner
query: SELECT 1 AS id
primary_key: id
mode: delta
changes: {upsert: [added, changed]}
diff_in: warehouse
file: {format: parquet, newline: crlf, bom: true, split_by: [_change], compression: gzip, quote: none, done_file: x, pgp: {}}
schedule: "0 6 * * *"
`;
  expect(await model(text)).toMatchInlineSnapshot(`
    "
    models/users.yaml:7:1 CONFIG_NOT_SUPPORTED_YET the choice of where to compare ("diff_in") is not supported yet
      7 | diff_in: warehouse
          ^^^^^^^ take it away

    models/users.yaml:8:25 CONFIG_INVALID "newline" has no effect with format: parquet
      8 | file: {format: parquet, newline: crlf, bom: true, split_by: [_change], compression: gzip, quote: none, done_file: x, pgp…
                                  ^^^^^^^ take it away

    models/users.yaml:8:40 CONFIG_INVALID "bom" has no effect with format: parquet
      8 | file: {format: parquet, newline: crlf, bom: true, split_by: [_change], compression: gzip, quote: none, done_file: x, pgp…
                                                 ^^^ take it away

    models/users.yaml:8:91 CONFIG_INVALID "quote" has no effect with format: parquet
      8 | … {format: parquet, newline: crlf, bom: true, split_by: [_change], compression: gzip, quote: none, done_file: x, pgp: {}}
                                                                                                ^^^^^ take it away

    models/users.yaml:8:115 CONFIG_KEYS_COLLIDE file.done_file: keys must differ for every generation: put {generation} in
      8 | … {format: parquet, newline: crlf, bom: true, split_by: [_change], compression: gzip, quote: none, done_file: x, pgp: {}}
                                                                                                                        ^

    models/users.yaml:8:118 CONFIG_INVALID "recipients" is missing
      8 | … {format: parquet, newline: crlf, bom: true, split_by: [_change], compression: gzip, quote: none, done_file: x, pgp: {}}
                                                                                                                           ^^^ add the key; it has to be a list
    "
  `);
});
