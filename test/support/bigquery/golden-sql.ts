import type { SchemaField } from "../../../src/sources/bigquery/bigquery-types.ts";

/** A column of each type, as the API describes it. */
export const GOLDEN_FIELDS: readonly SchemaField[] = [
  { name: "i", type: "INTEGER" },
  { name: "n", type: "NUMERIC" },
  { name: "big", type: "BIGNUMERIC" },
  { name: "f", type: "FLOAT" },
  { name: "b", type: "BOOLEAN" },
  { name: "s", type: "STRING" },
  { name: "bt", type: "BYTES" },
  { name: "d", type: "DATE" },
  { name: "t", type: "TIME" },
  { name: "dt", type: "DATETIME" },
  { name: "ts", type: "TIMESTAMP" },
  { name: "j", type: "JSON" },
  { name: "arr", type: "INTEGER", mode: "REPEATED" },
  { name: "st", type: "RECORD", fields: [{ name: "x", type: "INTEGER" }] },
  { name: "geo", type: "GEOGRAPHY" },
  { name: "iv", type: "INTERVAL" },
  { name: "Order", type: "STRING" },
];

/** What is sent for a query over those columns. */
export const GOLDEN_PROJECTION = `SELECT CAST(model.\`i\` AS STRING) AS c0, CAST(model.\`n\` AS STRING) AS c1, CAST(model.\`big\` AS STRING) AS c2, \
CAST(model.\`f\` AS STRING) AS c3, CAST(model.\`b\` AS STRING) AS c4, model.\`s\` AS c5, TO_BASE64(model.\`bt\`) AS c6, \
CAST(model.\`d\` AS STRING) AS c7, CAST(model.\`t\` AS STRING) AS c8, CAST(model.\`dt\` AS STRING) AS c9, STRING(model.\`ts\`, 'UTC') AS c10, \
IF(model.\`j\` IS NULL, NULL, TO_JSON_STRING(model.\`j\`)) AS c11, IF(model.\`arr\` IS NULL, NULL, TO_JSON_STRING(model.\`arr\`)) AS c12, \
IF(model.\`st\` IS NULL, NULL, TO_JSON_STRING(model.\`st\`)) AS c13, ST_ASTEXT(model.\`geo\`) AS c14, CAST(model.\`iv\` AS STRING) AS c15, \
model.\`Order\` AS c16 FROM (
SELECT * FROM \`typed\`
) AS model`;

/** What is sent for two audiences over one entity, with a trigger. */
export const GOLDEN_AUDIENCES = `SELECT * FROM (
SELECT entity.*, audience.\`_audience\` FROM (
SELECT id, ltv FROM users
) AS entity CROSS JOIN (SELECT 'vip' AS \`_audience\` UNION ALL SELECT 'it\\'s' AS \`_audience\`) AS audience
WHERE CASE audience.\`_audience\`
WHEN 'vip' THEN (
ltv >= 1000
)
WHEN 'it\\'s' THEN (
ltv < 0
)
END
) AS triggered WHERE (
id > 0
)`;

/** What people are told to run when keys stand twice. */
export const GOLDEN_DUPLICATE_KEYS = `SELECT \`id\`, \`Order\`, count(*) FROM (
SELECT 1 AS id, 'a' AS \`Order\` UNION ALL SELECT 1, 'a'
) AS model GROUP BY \`id\`, \`Order\` HAVING count(*) > 1`;

/** What people are told to run when keys are NULL. */
export const GOLDEN_NULL_KEYS = `SELECT * FROM (
SELECT CAST(NULL AS INT64) AS id, 'a' AS \`Order\`
) AS model WHERE \`id\` IS NULL OR \`Order\` IS NULL`;
