import { z } from "zod";
import { secretSchema } from "../core/secret-schema.ts";
import { PLAIN_FUNCTIONS } from "../core/types.ts";

const columnName = z.string().min(1);

/** Every function by name; a rule refuses others, and those that need an argument and have none. */
export const FUNCTION_NAMES = [...PLAIN_FUNCTIONS, "mask", "email", "e164", "left", "right", "null_if", "coalesce", "hmac_sha256"] as const;

const count = z.int().min(0).max(1_000_000);

const functionObject = z.strictObject({
  e164: z
    .string()
    .optional()
    .describe("Telephone number as +4930123456; the country (two letters) says how national numbers are read. Example: `{e164: DE}`."),
  left: count.optional().describe("The first characters. Example: `{left: 3}`."),
  right: count.optional().describe("The last characters. Example: `{right: 3}`."),
  mask: count.optional().describe("Asterisks in place of all but the last characters. Example: `{mask: 4}`."),
  null_if: z.string().optional().describe('NULL in place of this text. Example: `{null_if: ""}`.'),
  coalesce: z.string().optional().describe("This text in place of NULL. Example: `{coalesce: none}`."),
  email: z
    .enum(["plain", "gmail"])
    .optional()
    .describe("gmail: also takes dots and +tags out of Gmail addresses. Example: `{email: gmail}`."),
  hmac_sha256: secretSchema.optional().describe("Keyed hash, lower-case hex. Example: `{hmac_sha256: ${HASH_KEY}}`."),
});

const applySchema = z
  .array(z.union([z.string().meta({ enum: FUNCTION_NAMES }), functionObject]))
  .min(1)
  .describe("Functions, one after the other: a name, or {name: argument}; docs/columns.md shows all. Example: `[trim, lower, sha256]`.");

const columnObject = z.strictObject({
  from: columnName
    .optional()
    .describe(
      "Column of the query's result, `_previous.<output>` (the value last told), or a fact of the run: `_change`, `_member`, `_run_id`, `_generation`, `_scheduled_at`, `_changed_columns`. Example: `email`.",
    ),
  value: z.string().optional().describe("The same text in every row. Example: `acme`."),
  template: z
    .string()
    .optional()
    .describe("Text with columns in braces; `{{` and `}}` stand for braces. Example: `{first_name} {last_name}`."),
  path: z.string().optional().describe("Place of a value inside of JSON. Example: `$.address.city`."),
  format: z
    .string()
    .optional()
    .describe(
      'How a number or a date is written: `0.00`, `00000`, `0.##`, `#,##0.00`, `%Y-%m-%d`, `epoch`, `epoch_ms`. Example: `"0.00"`.',
    ),
  apply: applySchema.optional(),
  map: z
    .record(z.string(), z.union([z.string(), z.null()]))
    .optional()
    .describe("Texts replaced as wholes; others stay, or become `default`. Example: `{added: I, changed: U, removed: D}`."),
  default: z.string().optional().describe("Text for NULL, and for every value that `map` does not name. Example: `none`."),
});

/** What an output column may be written as. */
export const outputSchema = z
  .union([columnName, z.null(), columnObject])
  .describe(
    'What goes into the column: a column of the result, or {from}, {value} or {template}, and what is done to it. Left blank: the column is dropped. `"*": "*"`: every column that is not named here.',
  );

/** A column as written, defaults and types checked. */
export type WrittenColumn = z.output<typeof outputSchema>;

/** A function as written in `apply`. */
export type WrittenFunction = z.output<typeof applySchema>[number];
