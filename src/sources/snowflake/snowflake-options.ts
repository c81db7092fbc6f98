import { z } from "zod";
import { durationSchema } from "../../core/duration-schema.ts";
import { secretSchema } from "../../core/secret-schema.ts";

/** Ways to log in. */
export const SNOWFLAKE_AUTHENTICATORS = ["key_pair", "oauth", "programmatic_access_token", "password"] as const;
export type SnowflakeAuthenticator = (typeof SNOWFLAKE_AUTHENTICATORS)[number];

const name = (meaning: string) => z.string().min(1).max(255).describe(meaning).optional();

const accessUrl = z
  .string()
  .refine((text) => isOrigin(text), "write the address alone, such as https://myorg-myaccount.snowflakecomputing.com")
  .describe(
    "Address of the service, where it is not the account's own: PrivateLink, a proxy. Default: https://ACCOUNT.snowflakecomputing.com.",
  );

/** Options of `type: snowflake` as users write them. */
export const snowflakeOptionsSchema = z
  .strictObject({
    type: z.literal("snowflake"),
    account: z
      .string()
      .regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/u, "write the account identifier, such as myorg-myaccount")
      .describe("Account identifier: `myorg-myaccount`, or a locator with its region. Without it the first part of `access_url` is taken.")
      .optional(),
    access_url: accessUrl.optional(),
    username: z.string().min(1).describe("Name of the user that logs in."),
    authenticator: z
      .enum(SNOWFLAKE_AUTHENTICATORS)
      .describe(
        "key_pair | oauth | programmatic_access_token | password. Default: what the secret says that is given: a private key, a password, and for `token` programmatic_access_token.",
      )
      .optional(),
    private_key: secretSchema.describe("PEM text of the private key, as `${VAR}`, {file: …} or {command: […]}.").optional(),
    private_key_path: z.string().min(1).describe("PEM file (PKCS#8) of the private key; a relative path starts at config.yaml.").optional(),
    private_key_passphrase: secretSchema.describe("Passphrase of an encrypted private key.").optional(),
    password: secretSchema.describe("Password of the user. Snowflake lets service users log in by key pair or token alone.").optional(),
    token: secretSchema.describe("Programmatic access token, or OAuth access token (with `authenticator: oauth`).").optional(),
    role: name("Role to read as. Default: the user's."),
    warehouse: name("Warehouse that computes the queries. Default: the user's."),
    database: name("Database of names without one. Default: the user's."),
    schema: name("Schema of names without one. Default: the user's, or PUBLIC."),
    query_tag: z.string().min(1).max(2000).describe("Default: spillway/<stream>; shown in QUERY_HISTORY.").optional(),
    statement_timeout: durationSchema("Longest time for a query, on the server; the statement is cancelled then. Default: 1h.").default(
      3_600_000,
    ),
    connect_timeout: durationSchema("Longest time until the session stands, login included. Default: 60s.").default(60_000),
    idle_timeout: durationSchema("Longest wait for the next rows of a result that is being fetched. Default: 5m.").default(300_000),
    unload_above_rows: z
      .union([z.int().min(0), z.literal("off")])
      .describe(
        "Results of more rows than this are unloaded to the user's stage and fetched as compressed files instead of JSON. off: never. Default: 1000000.",
      )
      .default(1_000_000),
  })
  .refine((given) => given.account !== undefined || given.access_url !== undefined, "give account, or access_url")
  .superRefine((given, context) => {
    const problem = secretProblem(given);
    if (problem !== null) context.addIssue({ code: "custom", message: problem });
  });

/** Validated options of a Snowflake source: defaults filled in, secrets not yet resolved, paths absolute once compiled. */
export type SnowflakeOptions = z.output<typeof snowflakeOptionsSchema>;

type Given = Partial<
  Record<"private_key" | "private_key_path" | "private_key_passphrase" | "password" | "token" | "authenticator", unknown>
>;

/** The way to log in that the given secrets stand for. */
export function authenticatorOf(given: Given): SnowflakeAuthenticator | null {
  if (given.authenticator !== undefined) return given.authenticator as SnowflakeAuthenticator;
  if (given.private_key !== undefined || given.private_key_path !== undefined) return "key_pair";
  if (given.token !== undefined) return "programmatic_access_token";
  return given.password === undefined ? null : "password";
}

const SECRETS = ["private_key", "private_key_path", "token", "password"] as const;
const NEEDS: Readonly<Record<SnowflakeAuthenticator, readonly (typeof SECRETS)[number][]>> = {
  key_pair: ["private_key", "private_key_path"],
  oauth: ["token"],
  programmatic_access_token: ["token"],
  password: ["password"],
};

function secretProblem(given: Given): string | null {
  const present = SECRETS.filter((key) => given[key] !== undefined);
  if (present.length > 1) return `give one of ${present.join(" and ")}, not both`;
  const authenticator = authenticatorOf(given);
  if (authenticator === null) return "give private_key_path or private_key, token, or password";
  const needs = NEEDS[authenticator];
  if (!needs.some((key) => given[key] !== undefined)) return `authenticator: ${authenticator} needs ${needs.join(" or ")}`;
  if (given.private_key_passphrase !== undefined && authenticator !== "key_pair") return "private_key_passphrase goes with a private key";
  return null;
}

function isOrigin(text: string): boolean {
  if (!/^https?:\/\/[^/]+\/?$/u.test(text) || !URL.canParse(text)) return false;
  const url = new URL(text);
  return url.username === "" && url.password === "" && url.search === "" && url.hash === "";
}
