import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { systemClock } from "../../../src/core/clock.ts";
import { consume } from "../consumer.ts";
import { type HostParts, say, type Said } from "../fake-host.ts";
import { tempFolder, type TempFolder } from "../temp-folder.ts";
import type { Grant, RoleSpec } from "./accounts.ts";
import type { BucketSpec } from "./buckets.ts";
import { BUCKET, PUT_ONLY } from "./s3-fixture.ts";
import { startTestS3, type TestS3, type TestS3Options } from "./test-s3-server.ts";

/** Name of the bucket that holds the state of projects with their state on S3. */
export const STATE_BUCKET = "acme-state";
export const EXTERNAL_ID = "sync-7d1c";
const ASSUMER: readonly Grant[] = [{ actions: ["sts:AssumeRole"], resources: ["*"] }];
const STATE_RIGHTS: readonly Grant[] = [{ actions: ["s3:*"], resources: [`arn:aws:s3:::${STATE_BUCKET}*`] }];

/** How a test's world differs from one that works. */
export interface S3ProjectSetup {
  /** What the destination's role may do and asks for; null: no role, the user's own keys with these rights. */
  readonly role?: RoleSpec;
  readonly destination?: Readonly<Record<string, unknown>>;
  /** Keys laid over the state's own; `folder` keeps it on each host. */
  readonly state?: Readonly<Record<string, unknown>> | "folder";
  readonly stateRights?: readonly Grant[];
  readonly bucket?: BucketSpec;
  /** In the place of the CSV file that `set` writes. */
  readonly query?: string;
  /** In the place of the embedded source. */
  readonly source?: Readonly<Record<string, unknown>>;
  readonly server?: TestS3Options;
}

/** A project whose hosts share a bucket as destination, reached through a role, and, unless told otherwise, one as state root. */
export interface S3Project extends AsyncDisposable {
  readonly server: TestS3;
  readonly roleArn: string;
  readonly folder: TempFolder;
  /** Folder of a host: its own configuration and scratch; made when it is first named. */
  host(name: string, destination?: Readonly<Record<string, unknown>>): Promise<string>;
  set(table: Readonly<Record<string, string>>): Promise<void>;
  /** A command line on a host, in this process. */
  say(host: string, args: readonly string[], parts?: HostParts): Promise<Said>;
  /** What a consumer of the bucket holds. */
  consumed(): Promise<Readonly<Record<string, string>>>;
  /** Keys that were ever created in the destination's bucket, in the order of their making, `_spillway/probe` left out. */
  commits(): readonly string[];
}

/** Starts the server and writes the project; `users` (id, name) is its one model. */
export async function s3Project(setup: S3ProjectSetup = {}): Promise<S3Project> {
  const server = await startTestS3({ minimumPart: 5 * 1024 * 1024, ...setup.server });
  server.buckets.add(BUCKET, setup.bucket);
  server.buckets.add(STATE_BUCKET);
  const folder = await tempFolder();
  const user = server.accounts.addUser("spillway", ASSUMER);
  const keeper = server.accounts.addUser("keeper", setup.stateRights ?? STATE_RIGHTS);
  const roleArn = server.accounts.addRole("acme-in", setup.role ?? { grants: PUT_ONLY, externalId: EXTERNAL_ID });
  const here = { region: server.region, endpoint: server.endpoint, path_style: true };
  const state = {
    url: `s3://${STATE_BUCKET}/prod`,
    ...here,
    credentials: { access_key_id: keeper.accessKeyId, secret_access_key: keeper.secretAccessKey },
  };
  const destination = {
    type: "s3",
    bucket: BUCKET,
    prefix: "in",
    ...here,
    sts_endpoint: server.endpoint,
    role_arn: roleArn,
    external_id: EXTERNAL_ID,
    credentials: { access_key_id: user.accessKeyId, secret_access_key: user.secretAccessKey },
    max_attempts: 2,
    ...setup.destination,
  };
  const config = {
    version: 1,
    state: setup.state === "folder" ? "state" : { ...state, ...setup.state },
    engine: { memory_limit: "512MB", threads: 1, temp_directory: "tmp" },
    sources: { files: setup.source ?? { type: "duckdb" } },
  };
  const host: S3Project["host"] = async (name, changes = {}) => {
    const files = { ...config, destinations: { partner: { ...destination, ...changes } } };
    const model = {
      source: "files",
      destination: "partner",
      query: setup.query ?? `SELECT * FROM read_csv('${folder.at("users.csv")}', header = true, all_varchar = true)`,
      primary_key: ["id"],
    };
    // JSON is YAML.
    await folder.write(`${name}/config.yaml`, JSON.stringify(files));
    await folder.write(`${name}/models/users.yaml`, JSON.stringify(model));
    return folder.at(name);
  };
  return {
    server,
    roleArn,
    folder,
    host,
    set: async (table) => {
      const lines = Object.entries(table).map(([id, name]) => `${id},${name}\n`);
      await folder.write("users.csv", `id,name\n${lines.join("")}`);
    },
    say: async (name, args, parts = {}) => await say(args, { cwd: await host(name), clock: systemClock, ...parts }),
    consumed: async () => {
      await using copy = await tempFolder();
      for (const [key, object] of server.buckets.get(BUCKET).objects) {
        const path = join(copy.path, key);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, object.bytes);
      }
      const table = await consume(copy.at("in"), "users");
      return Object.fromEntries([...table].map(([key, columns]) => [key, columns.join()]));
    },
    commits: () =>
      server.buckets.commits.filter(({ bucket, key }) => bucket === BUCKET && !key.endsWith("/_spillway/probe")).map(({ key }) => key),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
