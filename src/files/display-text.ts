import type { ColumnKind, FileFormat, SqlExpr } from "../core/types.ts";
import { sqlText } from "../engine/sql-literal.ts";

/** The part of a file's format that decides how values look before they are quoted. */
export type DisplayFormat = Pick<FileFormat, "timestamp" | "timezone" | "boolean">;

/** Directives that `timestamp` may use: what strftime of the engine prints the same in every version and locale. */
export const TIMESTAMP_DIRECTIVES = [..."YymdHIMSpjfgaAbBz%", "-d", "-m", "-H", "-I"] as const;

/**
 * DuckDB SQL of a value as files show it, given the name of a column with its canonical text. Only instants and booleans look different under
 * some formats; what was told as another kind before stays as it was told.
 */
export function displayText(text: SqlExpr, kind: ColumnKind, format: DisplayFormat): SqlExpr {
  switch (kind) {
    case "boolean":
      return isPlainBoolean(format)
        ? text
        : `CASE ${text} WHEN 'true' THEN ${sqlText(format.boolean[0])} WHEN 'false' THEN ${sqlText(format.boolean[1])} ELSE ${text} END`;
    case "timestamp":
      return format.timestamp === "iso" ? text : shown(text, "TIMESTAMP", "", format);
    case "timestamp_tz":
      return format.timestamp === "iso" && format.timezone === "UTC" ? text : shown(text, "TIMESTAMPTZ", format.timezone, format);
    case "integer":
    case "decimal":
    case "float":
    case "date":
    case "time":
    case "bytes":
    case "json":
    case "text":
      return text;
  }
}

/** Whether booleans stand in the file as their canonical texts. */
export function isPlainBoolean(format: DisplayFormat): boolean {
  return format.boolean[0] === "true" && format.boolean[1] === "false";
}

function shown(text: SqlExpr, type: "TIMESTAMP" | "TIMESTAMPTZ", zone: string, format: DisplayFormat): SqlExpr {
  const instant = `TRY_CAST(${text} AS ${type})`;
  const local = zone === "" ? instant : `(${instant} AT TIME ZONE ${sqlText(zone)})`;
  const offset = zone === "" ? "''" : offsetText(instant, local);
  // Infinities and years before our era have no other text.
  const isOdd = `${instant} IS NULL OR isinf(${instant}) OR contains(${text}, 'BC')`;
  return `CASE WHEN ${isOdd} THEN ${text} ELSE ${instantText(text, instant, local, offset, format.timestamp)} END`;
}

function instantText(text: SqlExpr, instant: SqlExpr, local: SqlExpr, offset: SqlExpr, pattern: string): SqlExpr {
  switch (pattern) {
    case "iso":
      // The fraction from the text: a source may have more digits than the engine's type.
      return `concat(strftime(${local}, '%Y-%m-%dT%H:%M:%S'), regexp_extract(${text}, '\\.[0-9]+'), ${offset})`;
    case "epoch":
      return floorDivided(`epoch_us(${instant})`, 1_000_000);
    case "epoch_ms":
      return floorDivided(`epoch_us(${instant})`, 1_000);
    default:
      return `concat(${patternPieces(pattern)
        .map((piece) => (piece === "%z" ? offset : `strftime(${local}, ${sqlText(piece)})`))
        .join(", ")})`;
  }
}

/** The offset apart from the rest: strftime of the engine knows only its session's zone. */
function patternPieces(pattern: string): readonly string[] {
  const pieces: string[] = [""];
  for (const [token] of pattern.matchAll(/%-?[^]|[^%]+/gu)) {
    if (token === "%z") pieces.push(token, "");
    else pieces.push(`${pieces.pop() ?? ""}${token}`);
  }
  return pieces.filter((piece) => piece !== "");
}

/** Division of the engine cuts towards zero; instants before 1970 belong to the second that they are in. */
function floorDivided(microseconds: SqlExpr, by: number): SqlExpr {
  const rest = `((${microseconds} % ${by}) + ${by}) % ${by}`;
  return `CAST((${microseconds} - ${rest}) // ${by} AS VARCHAR)`;
}

/** `+02:00`, with seconds where a zone of long ago has some. */
function offsetText(instant: SqlExpr, local: SqlExpr): SqlExpr {
  const seconds = `date_diff('second', ${instant} AT TIME ZONE 'UTC', ${local})`;
  const two = (value: SqlExpr): SqlExpr => `lpad(CAST(${value} AS VARCHAR), 2, '0')`;
  const rest = `CASE WHEN ${seconds} % 60 = 0 THEN '' ELSE ':' || ${two(`abs(${seconds}) % 60`)} END`;
  return `concat(CASE WHEN ${seconds} < 0 THEN '-' ELSE '+' END, ${two(`abs(${seconds}) // 3600`)}, ':', ${two(`abs(${seconds}) // 60 % 60`)}, ${rest})`;
}
