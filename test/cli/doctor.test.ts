import { rm } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { Clock } from "../../src/core/clock.ts";
import { systemClock } from "../../src/core/clock.ts";
import { say } from "../support/fake-host.ts";
import type { Grant } from "../support/s3/accounts.ts";
import { BUCKET, PUT_ONLY } from "../support/s3/s3-fixture.ts";
import { EXTERNAL_ID, type S3Project, s3Project, type S3ProjectSetup, STATE_BUCKET } from "../support/s3/s3-project.ts";

interface Check {
  readonly area: string;
  readonly subject: string;
  readonly check: string;
  readonly status: string;
  readonly detail: string;
  readonly fix: string | null;
  readonly statement: string | null;
  readonly code: string | null;
}

interface Examined {
  readonly exit: number;
  readonly checks: readonly Check[];
  readonly error: { readonly code: string; readonly exit: number; readonly message: string } | null;
}

const KEY_ARN = "arn:aws:kms:eu-central-1:444455556666:key/9a";

async function examined(project: S3Project, args: readonly string[] = [], clock: Clock = systemClock): Promise<Examined> {
  const { exit, stdout } = await project.say("a", ["doctor", "--json", ...args], { clock });
  const { data, error } = JSON.parse(stdout) as { data: { checks: readonly Check[] }; error: Examined["error"] };
  return { exit, checks: data.checks, error };
}

const failures = ({ checks }: Examined): readonly Check[] => checks.filter(({ status }) => status === "fail");

async function withProject<T>(setup: S3ProjectSetup, work: (project: S3Project) => Promise<T>): Promise<T> {
  await using project = await s3Project(setup);
  await project.set({ a: "1" });
  return await work(project);
}

describe("sync doctor", () => {
  test("is content with a write-only role and a state in a bucket, and says what it tried", async () => {
    await withProject({}, async (project) => {
      const { exit, stdout, stderr } = await project.say("a", ["doctor"]);
      const shown = stdout.replaceAll(/\d+\.\d s (?:behind|ahead of)/g, "0.0 s behind").replaceAll(/in \d+ ms/g, "in 0 ms");
      expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
      expect(shown).toMatchInlineSnapshot(`
        "config       ok    config.yaml           load         1 stream, 0 warnings
        source       ok    files                 connect      duckdb
        source       ok    files                 users        the query compiles: 2 columns, key id
        clock        ok    s3://acme-state/prod  clock        0.0 s behind the server
        state        skip  s3://acme-state/prod  identity     the endpoint is not AWS and no sts_endpoint is set
        state        ok    s3://acme-state/prod  write        s3://acme-state/prod/_spillway/doctor
        state        ok    s3://acme-state/prod  conditions   a second write to the same key is refused
        state        skip  s3://acme-state/prod  parts        only tried with a KMS key
        state        ok    s3://acme-state/prod  read         looked at
        state        ok    s3://acme-state/prod  store        written and synced in 0 ms, refused a second time, read, listed and deleted
        state        ok    s3://acme-state/prod  users        nothing delivered yet
        clock        ok    partner               clock        0.0 s behind the server
        destination  ok    partner               identity     arn:aws:iam::111122223333:user/spillway
        destination  ok    partner               role         arn:aws:iam::444455556666:role/acme-in with ExternalId
        destination  ok    partner               external_id  the role refuses to be assumed without it
        destination  ok    partner               write        s3://partner/in/_spillway/doctor
        destination  ok    partner               conditions   a second write to the same key is refused
        destination  skip  partner               parts        only tried with a KMS key
        destination  ok    partner               read         not allowed, and not needed: lost answers are settled from Spillway's own records
        0 failures, 0 warnings, 19 checks
        "
      `);
    });
  });

  test("answers --json with the checks, and leaves nothing behind but its two small trials", async () => {
    await withProject({}, async (project) => {
      const { exit, checks, error } = await examined(project);
      expect({ exit, error }).toEqual({ exit: 0, error: null });
      expect(new Set(checks.map(({ area }) => area))).toEqual(new Set(["config", "clock", "source", "state", "destination"]));
      expect(Object.keys(checks[0] ?? {})).toEqual(["area", "subject", "check", "status", "detail", "fix", "statement", "code"]);
      expect([...project.server.buckets.get(BUCKET).objects.keys()].toSorted()).toEqual(["in/_spillway/doctor", "in/_spillway/probe"]);
      expect([...project.server.buckets.get(STATE_BUCKET).objects.keys()].toSorted()).toEqual([
        "prod/_spillway/doctor",
        "prod/_spillway/probe",
      ]);
    });
  });

  test("--only looks at some areas, and refuses a word that is none", async () => {
    await withProject({}, async (project) => {
      const { checks } = await examined(project, ["--only", "clock,source"]);
      expect(new Set(checks.map(({ area }) => area))).toEqual(new Set(["clock", "source"]));
      expect(project.commits()).toEqual([]);
      const { exit, stderr } = await project.say("a", ["doctor", "--only", "sources"]);
      expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining("Did you mean source?") });
    });
  });

  const refusals: readonly {
    readonly what: string;
    readonly setup: S3ProjectSetup;
    readonly check: string;
    readonly code: string | null;
    readonly statement: string | null;
    readonly fix: string;
  }[] = [
    {
      what: "a bucket that does not exist",
      setup: { destination: { bucket: "partnre" }, role: { grants: [{ actions: ["s3:*"], resources: ["*"] }], externalId: EXTERNAL_ID } },
      check: "write",
      code: "DESTINATION_BUCKET_MISSING",
      statement: null,
      fix: "Create the bucket partnre",
    },
    {
      what: "a role without s3:PutObject",
      setup: { role: { grants: [], externalId: EXTERNAL_ID } },
      check: "write",
      code: "DESTINATION_ACCESS_DENIED",
      statement: '"Action":"s3:PutObject","Resource":"arn:aws:s3:::partner/in/*"',
      fix: "Missing: s3:PutObject",
    },
    {
      what: "a role that can be had without the ExternalId",
      setup: { role: { grants: PUT_ONLY } },
      check: "external_id",
      code: null,
      statement: `"sts:ExternalId":"${EXTERNAL_ID}"`,
      fix: "trust policy",
    },
    {
      what: "a role that asks for another ExternalId",
      setup: { role: { grants: PUT_ONLY, externalId: "sync-other" } },
      check: "role",
      code: "DESTINATION_ROLE_REFUSED",
      statement: '"Action":"sts:AssumeRole"',
      fix: "trust",
    },
    {
      what: "a KMS key that the role may not use",
      setup: { destination: { encryption: { type: "kms", key_id: KEY_ARN } }, bucket: { kmsKeys: { [KEY_ARN]: "enabled" } } },
      check: "write",
      code: "DESTINATION_KMS_REFUSED",
      statement: `"Resource":"${KEY_ARN}"`,
      fix: "kms:GenerateDataKey",
    },
    {
      what: "an ACL that the bucket refuses",
      setup: {
        destination: { acl: "public-read" },
        role: { grants: [{ actions: ["s3:PutObject*"], resources: ["*"] }], externalId: EXTERNAL_ID },
      },
      check: "write",
      code: "DESTINATION_ACL_REFUSED",
      statement: null,
      fix: "Drop `acl: public-read`",
    },
  ];
  test.each(refusals)("tells $what, with the fix, and ends with 6", async ({ setup, check, code, statement, fix }) => {
    await withProject(setup, async (project) => {
      const result = await examined(project, ["--only", "destination"]);
      expect(result).toMatchObject({ exit: 6, error: { code: "DOCTOR_DESTINATION", exit: 6 } });
      expect(failures(result)).toEqual([expect.objectContaining({ subject: "partner", check, code, fix: expect.stringContaining(fix) })]);
      expect(String(failures(result)[0]?.statement)).toContain(statement ?? "null");
      // People read the same, the statement included.
      const { stdout } = await project.say("a", ["doctor", "--only", "destination"]);
      expect(stdout).toContain("destination  FAIL  partner");
      expect(stdout).toContain(statement ?? fix);
    });
  });

  test("tells a KMS key that may not be used for parts, which one PUT does not show", async () => {
    const generate: Grant = { actions: ["kms:GenerateDataKey"], resources: ["*"] };
    const setup: S3ProjectSetup = {
      destination: { encryption: { type: "kms", key_id: KEY_ARN } },
      bucket: { kmsKeys: { [KEY_ARN]: "enabled" } },
      role: { grants: [...PUT_ONLY, generate], externalId: EXTERNAL_ID },
    };
    await withProject(setup, async (project) => {
      const [failed] = failures(await examined(project, ["--only", "destination"]));
      expect(failed).toMatchObject({ check: "parts", code: "DESTINATION_KMS_REFUSED", statement: expect.stringContaining("kms:Decrypt") });
    });
  });

  test.each([
    [3, "warn", 0],
    [20, "fail", 6],
  ] as const)("tells a clock that is %i minutes ahead: %s", async (minutes, status, exit) => {
    const clock: Clock = { now: () => new Date(systemClock.now().getTime() + minutes * 60_000) };
    await withProject({}, async (project) => {
      const result = await examined(project, ["--only", "clock"], clock);
      expect(result.exit).toBe(exit);
      for (const check of result.checks) expect(check).toMatchObject({ area: "clock", status, code: "DESTINATION_CLOCK_SKEW" });
      expect(result.checks).toHaveLength(2);
    });
  });

  test("a destination that ignores conditions is a warning, a state root that does a failure", async () => {
    await withProject({ server: { conditionalWrites: "ignored" } }, async (project) => {
      const result = await examined(project, ["--only", "state,destination"]);
      expect(result).toMatchObject({ exit: 9, error: { code: "DOCTOR_STATE", exit: 9 } });
      expect(failures(result).map(({ area, check, code }) => ({ area, check, code }))).toEqual([
        { area: "state", check: "conditions", code: "STATE_CONDITIONS_IGNORED" },
      ]);
      expect(result.checks.find(({ area, status }) => area === "destination" && status === "warn")).toMatchObject({ check: "conditions" });
    });
  });

  test("a state root that may not be read or tidied is told with the statement, and names the exit code", async () => {
    const stateRights: readonly Grant[] = [{ actions: ["s3:PutObject", "s3:ListBucket"], resources: ["*"] }];
    await withProject({ stateRights, role: { grants: [], externalId: EXTERNAL_ID } }, async (project) => {
      const result = await examined(project, ["--only", "state,destination"]);
      expect(result).toMatchObject({ exit: 9, error: { code: "DOCTOR_STATE" } });
      expect(failures(result)[0]).toMatchObject({ area: "state", check: "store", code: "STATE_UNAVAILABLE" });
      expect(failures(result)[0]?.statement).toContain("s3:GetObject");
    });
  });

  test("a query that does not compile and a key that is not in it fail the source", async () => {
    await withProject({ state: "folder" }, async (project) => {
      await project.host("a");
      await project.folder.write("users.csv", "uid,name\n1,x\n");
      const result = await examined(project, ["--only", "source"]);
      expect(result).toMatchObject({ exit: 5, error: { code: "DOCTOR_SOURCE", exit: 5 } });
      expect(failures(result)).toEqual([expect.objectContaining({ check: "users", code: "MODEL_COLUMN_UNKNOWN" })]);
      await rm(project.folder.at("users.csv"));
      expect(failures(await examined(project, ["--only", "source"]))[0]).toMatchObject({ check: "users" });
    });
  });

  test("folders are tried by writing, and told when they cannot be", async () => {
    await withProject({ state: "folder" }, async (project) => {
      const config = `version: 1\nstate: state\nsources: {files: {type: duckdb}}\ndestinations: {partner: {type: local, path: out}}\n`;
      await project.folder.write("b/config.yaml", config);
      await project.folder.write("b/models/users.yaml", "source: files\ndestination: partner\nquery: SELECT 1 AS id\nprimary_key: id\n");
      const good = await say(["doctor", "--only", "state,destination"], { cwd: project.folder.at("b") });
      expect(good).toMatchObject({ exit: 0, stderr: "" });
      expect(good.stdout).toContain("refused a second time, read, listed and deleted");
      expect(good.stdout).toContain("nothing delivered yet");
      // A file where the folder should be.
      await project.folder.write("b/out2", "");
      await project.folder.write("b/config.yaml", config.replace("path: out", "path: out2"));
      const bad = await say(["doctor", "--only", "destination", "--json"], { cwd: project.folder.at("b") });
      expect(bad.exit).toBe(6);
      expect(JSON.parse(bad.stdout)).toMatchObject({
        data: { checks: [{ check: "write", status: "fail", code: "DESTINATION_UNAVAILABLE" }] },
      });
    });
  });
});
