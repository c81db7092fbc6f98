import { sqlText } from "../../engine/sql-literal.ts";
import type { KitFacts } from "./kit-facts.ts";

/** How a database says the few things that databases say differently. */
export interface ChainDialect {
  /** The text of a manifest's key, given a path such as `previous.sha256`. */
  field(path: string): string;
  /** A text as a whole number. */
  whole(text: string): string;
  /** A statement that fails with the message of the query's first row, if there is one. */
  refuse(select: string): string;
  /** FROM item of every object of every manifest: generation, object, place, text. */
  readonly objects: string;
  /** The text of an object's key. */
  member(name: string): string;
  /** The kinds of an object's change as a text such as `[removed]`. */
  readonly kindsOf: string;
  /** A statement that returns the message, or fails with the problem where there is one. */
  verdict(message: string, problem: string, from: string): string;
}

/**
 * The rules by which generations are applied, as SQL over `spillway_manifests` and `spillway_here` (the generation applied last, if any): which
 * manifests follow one another, where a table may begin anew, and what is missing.
 */
export const chainSql = { fields, checkManifests, chain, checkChain, objects, verdict };

/** Columns of `spillway_manifests` beside generation, text and sha256. */
function fields({ field, whole }: ChainDialect): string {
  const previous = `coalesce(${whole(field("previous.generation"))}, 0) AS previous, ${field("previous.sha256")} AS previous_sha256`;
  return `${field("kind")} AS kind, ${field("state_id")} AS state_id, ${previous}`;
}

function checkManifests({ refuse, field, whole }: ChainDialect, stream: string): string {
  const isOther = `${whole(field("generation"))} <> generation OR ${field("stream")} <> ${sqlText(stream)} OR ${field("version")} <> '1'`;
  return refuse(
    `SELECT 'the manifest ' || generation || ' is not the one of its generation of ${stream.replaceAll("'", "''")}' AS message FROM spillway_manifests WHERE ${isOther}`,
  );
}

/** Onward from the generation applied last or, where that leads nowhere, from the newest one that brings the whole table. */
function chain(): string {
  return `
WITH RECURSIVE
  newest AS (SELECT max(generation) AS generation FROM spillway_manifests),
  whole AS (SELECT max(generation) AS generation FROM spillway_manifests WHERE kind <> 'delta'),
  onward AS (
    SELECT generation FROM spillway_manifests
    WHERE previous = coalesce((SELECT generation FROM spillway_here), 0) AND generation > previous
      AND (EXISTS (SELECT * FROM spillway_here) OR (SELECT generation FROM whole) IS NULL)
    UNION ALL
    SELECT m.generation FROM onward AS o JOIN spillway_manifests AS m ON m.previous = o.generation AND m.generation > o.generation
  ),
  reached AS (SELECT greatest(coalesce((SELECT max(generation) FROM onward), 0), coalesce((SELECT generation FROM spillway_here), 0)) AS generation),
  jump AS (
    SELECT whole.generation FROM whole, reached, newest
    WHERE whole.generation > reached.generation AND reached.generation < newest.generation
  ),
  anew AS (
    SELECT generation FROM jump
    UNION ALL
    SELECT m.generation FROM anew AS a JOIN spillway_manifests AS m ON m.previous = a.generation AND m.generation > a.generation
  ),
  chosen AS (
    SELECT generation, false AS is_whole FROM onward WHERE NOT EXISTS (SELECT * FROM jump)
    UNION ALL
    SELECT a.generation, a.generation = jump.generation FROM anew AS a, jump
  ),
  entire AS (SELECT max(c.generation) AS generation FROM chosen AS c JOIN spillway_manifests AS m ON m.generation = c.generation WHERE m.kind = 'full')
SELECT c.generation, c.is_whole OR coalesce(c.generation = (SELECT generation FROM entire), false) AS is_whole
FROM chosen AS c WHERE c.generation >= coalesce((SELECT generation FROM entire), 0)`;
}

function checkChain({ refuse }: ChainDialect): string {
  return refuse(
    `SELECT 'the manifest of generation ' || m.generation || ' does not follow the generation ' || m.previous || ' that is here' AS message
  FROM spillway_chain AS c JOIN spillway_manifests AS m ON m.generation = c.generation
  LEFT JOIN spillway_here AS h ON true
  LEFT JOIN spillway_manifests AS b ON b.generation = m.previous AND m.previous <> coalesce(h.generation, 0)
  WHERE (NOT c.is_whole AND m.previous = h.generation AND m.previous_sha256 <> h.sha256)
    OR (NOT c.is_whole AND b.generation IS NOT NULL AND (m.previous_sha256 <> b.sha256 OR m.state_id <> b.state_id))
    OR m.state_id <> h.state_id`,
  );
}

/** Of a checkpoint the whole table where one begins with it, and what changed where one goes on. */
function objects({ objects: from, member, whole, kindsOf }: ChainDialect): string {
  return `
  SELECT * FROM (
    SELECT o.generation, o.place, c.is_whole, m.kind, ${member("key")} AS key, ${whole(member("size"))} AS size, ${whole(member("rows"))} AS rows,
      ${member("sha256")} AS sha256, ${member("change")} AS change, ${kindsOf} AS kinds
    FROM ${from} AS o JOIN spillway_chain AS c ON c.generation = o.generation JOIN spillway_manifests AS m ON m.generation = o.generation
  ) AS every_object
  WHERE kind <> 'checkpoint' OR (kinds LIKE '%full%') = is_whole
`;
}

/** What the table holds, or why it holds no more. */
function verdict({ verdict: say }: ChainDialect, { stream }: KitFacts, applied: string): string {
  const bad = `(SELECT min(CASE WHEN is_missing THEN 'generation ' || generation || ' waits for ' || key ELSE key || ' is not the file that the manifest of generation ' || generation || ' names' END) FROM spillway_bad WHERE generation = (SELECT min(generation) FROM spillway_bad))`;
  const gap = `(SELECT 'generation ' || generation || ' waits for the manifest of generation ' || previous FROM spillway_manifests WHERE generation > coalesce((SELECT max(generation) FROM ${applied}), 0) ORDER BY generation LIMIT 1)`;
  const nothing = `CASE WHEN NOT EXISTS (SELECT * FROM spillway_manifests) THEN 'nothing has arrived yet' END`;
  const message = `'${stream.replaceAll("'", "''")}: generation ' || coalesce(generation, 0)`;
  return say(
    message,
    "problem",
    `SELECT (SELECT max(generation) FROM ${applied}) AS generation, coalesce(${bad}, ${gap}, ${nothing}) AS problem`,
  );
}
