import { createHash, scryptSync } from "node:crypto";
import { SyncError } from "../core/errors.ts";
import { Secret } from "../core/secret.ts";
import type { ColumnKind, ColumnStep, SqlExpr } from "../core/types.ts";
import { sqlText } from "../engine/sql-literal.ts";
import { bindOnce } from "./bind-once.ts";
import { formatSql, parseColumnFormat } from "./column-format.ts";
import { jsonPathSql, parseJsonPath } from "./json-path.ts";
import { e164Sql, phoneRules } from "./phone-number.ts";

type Apply = Extract<ColumnStep, { readonly step: "apply" }>;

/** SQL of a column's text after all steps, given that of its canonical text. Secrets have to be resolved. */
export function stepsSql(text: SqlExpr, steps: readonly ColumnStep[], kind: ColumnKind): SqlExpr {
  let [sql, now] = [text, kind];
  for (const step of steps) {
    sql = stepSql(sql, step, now);
    now = "text";
  }
  return sql;
}

function stepSql(text: SqlExpr, step: ColumnStep, kind: ColumnKind): SqlExpr {
  switch (step.step) {
    case "path": {
      const path = parseJsonPath(step.path);
      return "parts" in path ? jsonPathSql(text, path.parts) : "NULL";
    }
    case "format":
      return formatSql(text, parseColumnFormat(step.format), kind);
    case "map":
      return mapSql(text, step);
    case "apply":
      return applySql(text, step);
  }
}

/** Blanks as the web understands them: what String.prototype.trim takes away. */
const BLANKS =
  "\t\n\u000b\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff";

function applySql(text: SqlExpr, step: Apply): SqlExpr {
  switch (step.name) {
    case "trim":
      return `trim(${text}, ${sqlText(BLANKS)})`;
    case "lower":
      return `lower(${text})`;
    case "upper":
      return `upper(${text})`;
    case "digits":
      return `regexp_replace(${text}, '[^0-9]', '', 'g')`;
    case "sha256":
      return `sha256(${text})`;
    case "sha1":
      return `sha1(${text})`;
    case "md5":
      return `md5(${text})`;
    case "base64":
      return `to_base64(encode(${text}))`;
    case "left":
    case "right":
      return `${step.name}(${text}, ${String(step.count)})`;
    case "mask":
      return maskSql(text, step.count);
    case "null_if":
      return `nullif(${text}, ${sqlText(step.text)})`;
    case "coalesce":
      return `coalesce(${text}, ${sqlText(step.text)})`;
    case "e164":
      return e164Sql(text, step.country);
    case "email":
      return emailSql(text, step.rules);
    case "hmac_sha256":
      return hmacSql(text, revealed(step.secret));
  }
}

/** A text that is no longer than what may be seen of it is hidden whole. */
function maskSql(text: SqlExpr, count: number): SqlExpr {
  const shown = String(count);
  return bindOnce(
    text,
    "v",
    `CASE WHEN length(v) <= ${shown} THEN repeat('*', length(v)) ELSE repeat('*', length(v) - ${shown}) || right(v, ${shown}) END`,
  );
}

function emailSql(text: SqlExpr, rules: "plain" | "gmail"): SqlExpr {
  const plain = `nfc_normalize(lower(nfc_normalize(trim(${text}, ${sqlText(BLANKS)}))))`;
  if (rules === "plain") return plain;
  const name = "replace(split_part(split_part(v, '@', 1), '+', 1), '.', '')";
  return bindOnce(plain, "v", `CASE WHEN regexp_full_match(v, '[^@]+@(?:gmail|googlemail)\\.com') THEN ${name} || '@gmail.com' ELSE v END`);
}

const BLOCK = 64;

/** HMAC by its definition (RFC 2104), since the engine has the hash alone. */
function hmacSql(text: SqlExpr, secret: string): SqlExpr {
  const bytes = Buffer.from(secret, "utf8");
  const key = Buffer.alloc(BLOCK);
  (bytes.length > BLOCK ? createHash("sha256").update(bytes).digest() : bytes).copy(key);
  const pad = (mask: number): string => `unhex('${Buffer.from(key.map((byte) => byte ^ mask)).toString("hex")}')`;
  return `sha256(${pad(0x5c)} || unhex(sha256(${pad(0x36)} || encode(${text}))))`;
}

function mapSql(text: SqlExpr, { entries, otherwise }: Extract<ColumnStep, { readonly step: "map" }>): SqlExpr {
  const rest = otherwise === undefined ? null : sqlText(otherwise);
  if (entries.length === 0) return rest === null ? text : `coalesce(${text}, ${rest})`;
  const cases = entries.map(([from, to]) => `WHEN ${sqlText(from)} THEN ${to === null ? "NULL" : sqlText(to)}`).join(" ");
  return bindOnce(text, "v", `CASE v ${cases} ELSE ${rest ?? "v"} END`);
}

function revealed(secret: Extract<Apply, { readonly name: "hmac_sha256" }>["secret"]): string {
  if (secret instanceof Secret) return secret.reveal();
  throw new SyncError("INTERNAL", "The secret of a column was not resolved before its SQL was asked for.");
}

/** The steps as text that decides their outcome. A secret is told by a slow hash of it, which shows a new one and not which. */
export function stepsText(steps: readonly ColumnStep[]): readonly unknown[] {
  return steps.map((step) => {
    if (step.step !== "apply") return step;
    if (step.name === "e164") return { ...step, rules: createHash("sha256").update(phoneRules(step.country)).digest("hex") };
    if (step.name === "hmac_sha256") return { ...step, secret: fingerprint(revealed(step.secret)) };
    return step;
  });
}

function fingerprint(secret: string): string {
  return scryptSync(secret, "spillway column secret", 16).toString("hex");
}
