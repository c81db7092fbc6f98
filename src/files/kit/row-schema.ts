import type { ColumnKind } from "../../core/types.ts";
import type { KitColumn, KitFacts } from "./kit-facts.ts";

/** The JSON schema (draft 7) of a row, as an object of its columns: of texts where files hold texts, of JSON values in ndjson. */
export function rowJsonSchema(facts: KitFacts): object {
  const properties = facts.columns.map((column) => [column.name, columnSchema(column, facts)] as const);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: `Row of ${facts.stream}`,
    type: "object",
    properties: Object.fromEntries(properties),
    required: facts.columns.map(({ name }) => name),
    additionalProperties: false,
  };
}

function columnSchema(column: KitColumn, facts: KitFacts): object {
  const { kind, name, metadata } = column;
  const isKey = facts.key.includes(name);
  const shape = facts.format.format === "ndjson" ? jsonShape(kind, facts) : textShape(kind, facts);
  const type = "type" in shape && typeof shape.type === "string" ? [shape.type] : [];
  const nullable = type.length === 0 || isKey ? shape : { ...shape, type: [...type, "null"] };
  return { description: describe(kind, metadata, isKey), ...nullable };
}

function describe(kind: ColumnKind, metadata: string | null, isKey: boolean): string {
  const fact = metadata === null ? "" : ` A fact of the delivery (${metadata}).`;
  return `${kind}.${isKey ? " Part of the key: never NULL." : ""}${fact}`;
}

interface Shape {
  readonly type?: string;
  readonly pattern?: string;
  readonly enum?: readonly (string | null)[];
}

function textShape(kind: ColumnKind, { format }: KitFacts): Shape {
  const pattern = PATTERNS[kind];
  const isShown = (kind === "timestamp" || kind === "timestamp_tz") && (format.timestamp !== "iso" || format.timezone !== "UTC");
  if (kind === "boolean") return { enum: [...format.boolean, null] };
  return pattern === undefined || isShown ? { type: "string" } : { type: "string", pattern };
}

function jsonShape(kind: ColumnKind, facts: KitFacts): Shape {
  switch (kind) {
    case "integer":
      return { type: "integer" };
    case "decimal":
      return { type: "number" };
    case "float":
    case "json":
      return {};
    case "boolean":
      return facts.format.boolean.join() === "true,false" ? { type: "boolean" } : textShape(kind, facts);
    case "timestamp":
    case "timestamp_tz":
      return facts.format.timestamp.startsWith("epoch") ? { type: "integer" } : textShape(kind, facts);
    case "date":
    case "time":
    case "bytes":
    case "text":
      return textShape(kind, facts);
  }
}

/** Infinities and years beyond four digits are left to the reader: a pattern that refuses what is true is worse than none. */
const PATTERNS: Partial<Readonly<Record<ColumnKind, string>>> = {
  integer: "^-?[0-9]+$",
  decimal: "^(-?[0-9]+(\\.[0-9]+)?|NaN|-?Infinity)$",
  bytes: "^[A-Za-z0-9+/]*={0,2}$",
};
