import { z } from "zod";
import { durationSchema } from "../../core/duration-schema.ts";
import { secretSchema } from "../../core/secret-schema.ts";
import { Secret } from "../../core/secret.ts";
import { connectionUrlProblem } from "./connection-url.ts";

/** How far TLS goes, in libpq's words. */
export const SSL_MODES = ["disable", "prefer", "require", "verify-ca", "verify-full"] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** PEM text as it is, or the path of a file; a path becomes absolute with the rest of the configuration's files. */
const pem = (meaning: string) =>
  z
    .union([
      z
        .string()
        .min(1)
        .transform((text) => (text.startsWith("-----BEGIN") ? new Secret(text) : { file: text })),
      secretSchema,
    ])
    .describe(meaning);

const ssl = z
  .strictObject({
    mode: z
      .enum(SSL_MODES)
      .default("verify-full")
      .describe("disable | prefer | require (encrypted, server not checked unless `ca` is given) | verify-ca | verify-full."),
    ca: pem("Certificates that the server's certificate must come from: a PEM file. Default: the authorities that Node trusts.").optional(),
    cert: pem("Certificate to show to the server: a PEM file.").optional(),
    key: pem("Private key of `cert`: a PEM file.").optional(),
  })
  .refine((given) => (given.cert === undefined) === (given.key === undefined), "cert and key belong together: give both or neither");

/** Options of `type: postgres` as users write them. */
export const postgresOptionsSchema = z
  .strictObject({
    type: z.literal("postgres"),
    url: secretSchema
      .superRefine((ref, issue) => {
        const problem = ref instanceof Secret ? connectionUrlProblem(ref.reveal()) : null;
        if (problem !== null) issue.addIssue({ code: "custom", message: problem });
      })
      .describe("postgres://user:password@host:5432/database?sslmode=verify-full. Keys beside it win over what it says.")
      .optional(),
    host: z.string().min(1).describe("Host name or address; a path that starts with / is the folder of a Unix socket.").optional(),
    port: z.int().min(1).max(65_535).describe("Default 5432.").optional(),
    database: z.string().min(1).describe("Name of the database. Example: `analytics`.").optional(),
    user: z.string().min(1).describe("Role to log in as. Example: `spillway`.").optional(),
    password: secretSchema.describe("Password of the user: text, {file} or {command}. Example: `${PGPASSWORD}`.").optional(),
    ssl: ssl.describe("TLS. Without it and without sslmode in the url: prefer, as libpq does.").optional(),
    role: z.string().min(1).describe("Role to read as (SET LOCAL ROLE).").optional(),
    search_path: z.array(z.string().min(1)).min(1).describe("Schemas that unqualified names are looked for in.").optional(),
    statement_timeout: durationSchema(
      "Longest time of the extracting query on the server, time blocked on a slow reader included. Default: the role's.",
    ).optional(),
    lock_timeout: durationSchema("Longest wait for a table that somebody else has locked. Default: the role's.").optional(),
    connect_timeout: durationSchema("Longest time until the connection stands, TLS and password included. Default: 15s.").default(15_000),
    idle_timeout: durationSchema(
      "Silence after which a second connection asks whether the server still works on the query; if not, twice, the run fails. Default: 60s.",
    ).default(60_000),
    keepalive: durationSchema("Idle time after which TCP keep-alive probes start. Default: 30s.").default(30_000),
    application_name: z.string().min(1).max(63).describe("Default: spillway/<stream>; shown in pg_stat_activity.").optional(),
  })
  .refine((given) => given.url !== undefined || given.host !== undefined, "give url, or host with database and user");

/** Validated options of a Postgres source: defaults filled in, secrets not yet resolved, paths absolute once compiled. */
export type PostgresOptions = z.output<typeof postgresOptionsSchema>;
