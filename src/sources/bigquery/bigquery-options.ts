import { z } from "zod";
import { BYTE_SIZE, byteCount } from "../../core/byte-size.ts";
import { durationSchema } from "../../core/duration-schema.ts";
import { secretSchema } from "../../core/secret-schema.ts";
import { Secret } from "../../core/secret.ts";

const PROJECT = /^[a-z][a-z0-9.:-]*[a-z0-9]$/u;

const credentials = z.union([
  z
    .string()
    .min(1)
    .transform((text) => (text.trimStart().startsWith("{") ? new Secret(text) : { file: text })),
  secretSchema,
]);

const impersonate = z.union([
  z
    .string()
    .min(1)
    .transform((account) => ({ service_account: account, delegates: [] as string[] })),
  z.strictObject({
    service_account: z.string().min(1).describe("Account to act as. Example: `reader@acme.iam.gserviceaccount.com`."),
    delegates: z.array(z.string().min(1)).default([]).describe("Accounts in between, in order, where the first may not act as the last."),
  }),
]);

const LABEL_KEY = /^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u;
const LABEL_RULE = "names and values of labels are at most 63 lower-case letters, digits, _ and -; a name starts with a letter";
const LABEL_VALUE = /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u;

/** Options of `type: bigquery` as users write them. */
export const bigqueryOptionsSchema = z
  .strictObject({
    type: z.literal("bigquery"),
    project: z
      .string()
      .regex(PROJECT, "write a project's id, such as acme-analytics (not its name or number)")
      .describe("Project that runs and pays for the queries. Default: the one of the credentials. Example: `acme-analytics`.")
      .optional(),
    dataset: z
      .string()
      .regex(/^(?:[a-z][a-z0-9.:-]*[a-z0-9]\.)?\w+$/u, "write a dataset, or project.dataset")
      .describe("Dataset that unqualified table names are looked for in; `project.dataset` when it lies elsewhere. Example: `analytics`.")
      .optional(),
    location: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]+$/u, "write a location such as EU, US or europe-west3")
      .describe("Location of the datasets. Default: BigQuery finds it from the tables that the query names. Example: `EU`.")
      .optional(),
    credentials: credentials
      .describe(
        "Key of a service account (or any other Google credential): path of its JSON file, the JSON itself, {file} or {command}. Default: application default credentials.",
      )
      .optional(),
    impersonate: impersonate
      .describe("Service account to act as with those credentials, which need roles/iam.serviceAccountTokenCreator on it.")
      .optional(),
    api_endpoint: z
      .url({ protocol: /^https?$/u, error: "write http://host:port or https://host" })
      .transform((url) => url.replace(/\/+$/u, "").replace(/\/bigquery\/v2$/u, ""))
      .describe(
        "Address of the API, for a private endpoint or an emulator. With http:// no credentials are sent. Example: `http://localhost:9050`.",
      )
      .optional(),
    maximum_bytes_billed: z
      .union([z.int().positive(), z.string().regex(BYTE_SIZE, "write a size such as 100GB")])
      .transform(byteCount)
      .describe("A query that would bill more fails before it starts, and costs nothing. Example: `100GB`.")
      .optional(),
    labels: z
      .record(z.string(), z.string())
      .superRefine((labels, issue) => {
        const wrong = Object.entries(labels).filter(([key, value]) => !LABEL_KEY.test(key) || !LABEL_VALUE.test(value));
        for (const [key] of wrong) issue.addIssue({ code: "custom", path: [key], message: LABEL_RULE });
      })
      .describe("Labels of every job, beside spillway_stream and spillway_run. Example: `{team: growth}`.")
      .optional(),
    priority: z.enum(["interactive", "batch"]).describe("batch waits for idle slots. Default: interactive.").default("interactive"),
    job_timeout: durationSchema("Time after which BigQuery gives a job up. Default: none of ours; BigQuery's own is 6h.").optional(),
    request_timeout: durationSchema("Longest wait for the answer to one request, after which it is asked again. Default: 60s.").default(
      60_000,
    ),
    price_per_tib: z
      .number()
      .positive()
      .describe("What a TiB of scanned data costs you; `sync plan` and `sync doctor` then show prices. Example: `6.25`.")
      .optional(),
  })
  .refine(
    (given) => given.api_endpoint?.startsWith("http://") !== true || given.project !== undefined,
    "with an http:// api_endpoint there are no credentials to take the project from: give project",
  );

/** Validated options of a BigQuery source: defaults filled in, secrets not yet resolved, paths absolute once compiled. */
export type BigqueryOptions = z.output<typeof bigqueryOptionsSchema>;
