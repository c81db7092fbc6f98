import type { Dialect } from "../core/ports.ts";
import { trimStatement } from "../core/sql-text.ts";
import { AUDIENCE_COLUMN, type AudienceMember, type ModelQuery } from "../core/types.ts";

/**
 * The one SELECT that yields a model's rows, in the source's own SQL, without a trailing semicolon. The trigger is evaluated by the
 * source, over the rows of the query; of an audience model, over the memberships.
 */
export function modelQuery(query: ModelQuery, dialect: Dialect): string {
  const rows = rowsQuery(query, dialect);
  return query.where === undefined
    ? rows
    : `SELECT * FROM (\n${rows}\n) AS triggered WHERE (\n${trimStatement(query.where, dialect.lexis)}\n)`;
}

function rowsQuery(query: ModelQuery, dialect: Dialect): string {
  switch (query.kind) {
    case "sql":
      return trimStatement(query.sql, dialect.lexis);
    case "table":
      return `SELECT * FROM ${query.table.split(".").map(dialect.quoteIdentifier).join(".")}`;
    case "audiences":
      return audienceQuery(trimStatement(query.entitySql, dialect.lexis), query.members, dialect);
  }
}

/**
 * Rows (entity columns, _audience), one per member, from a single scan of the entity: each entity row meets the list of audiences,
 * and CASE evaluates only the condition of the audience at hand. A NULL condition is no membership.
 */
function audienceQuery(entitySql: string, members: readonly AudienceMember[], dialect: Dialect): string {
  const column = dialect.quoteIdentifier(AUDIENCE_COLUMN);
  const names = members.map((member) => `SELECT ${dialect.quoteText(member.name)} AS ${column}`).join(" UNION ALL ");
  const cases = members
    .map((member) => `WHEN ${dialect.quoteText(member.name)} THEN (\n${trimStatement(member.condition, dialect.lexis)}\n)`)
    .join("\n");
  return `SELECT entity.*, audience.${column} FROM (\n${entitySql}\n) AS entity CROSS JOIN (${names}) AS audience\nWHERE CASE audience.${column}\n${cases}\nEND`;
}
