import type { ColumnKind, SqlExpr } from "../core/types.ts";
import { sqlText } from "../engine/sql-literal.ts";
import { bindOnce } from "./bind-once.ts";

/** A pattern of numbers, of dates and times, or what is wrong with it. */
export type ColumnFormat =
  | { readonly of: "number"; readonly whole: number; readonly groups: boolean; readonly least: number; readonly most: number }
  | { readonly of: "date"; readonly pattern: string }
  | { readonly of: "epoch"; readonly unit: "s" | "ms" }
  | { readonly of: "nothing"; readonly problem: string };

const DIRECTIVES = /^(?:[YymdHIMSfgpaAbBjGVuwWU%]|-[mdHIMSj])$/u;
const FORMS = "a date pattern (%Y-%m-%d), epoch, epoch_ms, or a number pattern (0.00, 00000, 0.##, #,##0.00)";

/** Reads `0.00`, `#,##0.##`, `%Y-%m-%d`, `epoch`. */
export function parseColumnFormat(text: string): ColumnFormat {
  if (text === "epoch") return { of: "epoch", unit: "s" };
  if (text === "epoch_ms") return { of: "epoch", unit: "ms" };
  if (text.includes("%")) return datePattern(text);
  const number = /^(#,##)?(0+)(?:\.(0*)(#*))?$/u.exec(text);
  if (number === null || text.endsWith(".")) return { of: "nothing", problem: `"${text}" is no format: write ${FORMS}` };
  const [, groups, whole = "", zeros = "", digits = ""] = number;
  if (groups !== undefined && whole.length > 1) return { of: "nothing", problem: `"${text}" groups digits: write #,##0 before the point` };
  return { of: "number", whole: whole.length, groups: groups !== undefined, least: zeros.length, most: zeros.length + digits.length };
}

function datePattern(pattern: string): ColumnFormat {
  for (const [whole, directive = ""] of pattern.matchAll(/%(-?[^-]|-?$)/gsu)) {
    if (!DIRECTIVES.test(directive)) return { of: "nothing", problem: `${whole} is no directive of a date pattern` };
  }
  return { of: "date", pattern };
}

/** Kinds of columns that a format can be for; text is read as what it looks like. */
export function formatFits(format: ColumnFormat, kind: ColumnKind): boolean {
  if (kind === "text") return true;
  if (format.of === "number") return ["integer", "decimal", "float"].includes(kind);
  if (kind === "time") return format.of === "date";
  return ["date", "timestamp", "timestamp_tz"].includes(kind);
}

/** SQL of a text by a format, given canonical text of a kind. What the format cannot read (NaN, infinity) stays as it is. */
export function formatSql(text: SqlExpr, format: ColumnFormat, kind: ColumnKind): SqlExpr {
  switch (format.of) {
    case "number":
      return numberSql(text, format);
    case "date":
      return bindOnce(
        text,
        "d",
        `CASE WHEN isfinite(${instant("d", kind)}) THEN strftime(${instant("d", kind)}, ${sqlText(format.pattern)}) ELSE d END`,
      );
    case "epoch":
      return bindOnce(text, "d", `CASE WHEN isfinite(${instant("d", kind)}) THEN ${epochSql(instant("d", kind), format.unit)} ELSE d END`);
    case "nothing":
      return text;
  }
}

/** The engine counts in microseconds: digits beyond are cut, not rounded. Zones are UTC. */
function instant(text: SqlExpr, kind: ColumnKind): SqlExpr {
  const cut = `regexp_replace(${text}, '(\\.[0-9]{6})[0-9]+', '\\1')`;
  return `TRY_CAST(${kind === "time" ? `'1970-01-01T' || ${cut}` : cut} AS TIMESTAMP)`;
}

/** Whole units since 1970, those before it rounded down as well. */
function epochSql(instantSql: SqlExpr, unit: "s" | "ms"): SqlExpr {
  const micros = unit === "s" ? "1000000" : "1000";
  const count = `epoch_us(${instantSql})`;
  return `CAST((${count} - ((${count} % ${micros}) + ${micros}) % ${micros}) // ${micros} AS VARCHAR)`;
}

const NUMBER = "-?[0-9]+(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?";

/** Decimal arithmetic on digits as text: exact for any number of them, halves rounded away from zero. */
function numberSql(text: SqlExpr, format: Extract<ColumnFormat, { of: "number" }>): SqlExpr {
  const most = String(format.most);
  const mantissa = "split_part(lower(ltrim(v, '-')), 'e', 1)";
  const exponent = "coalesce(TRY_CAST(split_part(lower(v), 'e', 2) AS INTEGER), 0)";
  const point = `CAST(length(split_part(${mantissa}, '.', 1)) AS INTEGER) + ${exponent}`;
  const whole = "CASE WHEN x <= 0 THEN '0' ELSE rpad(left(d, x), x, '0') END";
  const fraction = "CASE WHEN x <= 0 THEN repeat('0', -x) || d ELSE substr(d, x + 1) END";
  const plain = bindOnce(`replace(${mantissa}, '.', '')`, "d", bindOnce(point, "x", `${whole} || '.' || ${fraction}`));
  const kept = `'0' || split_part(n, '.', 1) || rpad(left(split_part(n, '.', 2), ${most}), ${most}, '0')`;
  const piece = (group: number): SqlExpr => `regexp_extract(k, '^([0-9]*)([0-8])(9*)$', ${String(group)})`;
  const up = `${piece(1)} || translate(${piece(2)}, '012345678', '123456789') || repeat('0', length(${piece(3)}))`;
  const next = `substr(split_part(n, '.', 2), ${String(format.most + 1)}, 1)`;
  const rounded = bindOnce(plain, "n", bindOnce(kept, "k", `CASE WHEN ${next} >= '5' THEN ${up} ELSE k END`));
  const shown = bindOnce(rounded, "r", shownSql(format));
  return bindOnce(text, "v", `CASE ${quickCase(format)} WHEN regexp_full_match(v, ${sqlText(NUMBER)}) THEN ${shown} ELSE v END`);
}

/** The engine's short decimals round halves away from zero as well, and cost a tenth; its long ones cost more than text does. */
function quickCase({ whole, groups, least, most }: Extract<ColumnFormat, { of: "number" }>): SqlExpr {
  if (groups || whole > 1 || least < most || most > 6) return "";
  const rounded = `TRY_CAST(TRY_CAST(v AS DECIMAL(18, 6)) AS DECIMAL(18, ${String(most)}))`;
  return `WHEN regexp_full_match(v, '-?[0-9]{1,11}(?:\\.[0-9]{1,6})?') THEN CAST(${rounded} AS VARCHAR)`;
}

/** Rounded digits `r` (the last `most` of them the fraction) as the pattern wants them, with the sign of `v`. */
function shownSql({ whole, groups, least, most }: Extract<ColumnFormat, { of: "number" }>): SqlExpr {
  const significant = `ltrim(left(r, length(r) - ${String(most)}), '0')`;
  const padded = bindOnce(significant, "w", `lpad(w, CAST(greatest(length(w), ${String(whole)}) AS INTEGER), '0')`);
  const grouped = `reverse(rtrim(regexp_replace(reverse(${padded}), '([0-9]{3})', '\\1,', 'g'), ','))`;
  const digits = `right(r, ${String(most)})`;
  const fraction = `left(${digits}, ${String(least)}) || rtrim(substr(${digits}, ${String(least + 1)}), '0')`;
  const sign = "CASE WHEN starts_with(v, '-') AND regexp_matches(r, '[1-9]') THEN '-' ELSE '' END";
  return `${sign} || ${groups ? grouped : padded} || ${bindOnce(fraction, "f", "CASE WHEN f = '' THEN '' ELSE '.' || f END")}`;
}
