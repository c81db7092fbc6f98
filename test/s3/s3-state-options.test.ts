import { describe, expect, it } from "vitest";
import { s3OptionsSchema } from "../../src/s3/s3-options.ts";
import { s3StateOptionsSchema } from "../../src/s3/s3-state-options.ts";
import { openS3Store } from "../../src/s3/s3-store.ts";
import { objectStoreContract } from "../contract/object-store.ts";
import { BUCKET, SMALL, s3Fixture } from "../support/s3/s3-fixture.ts";

describe("a state root on S3", () => {
  it("may be written as a URL alone, with every default of a store", () => {
    const defaults = s3OptionsSchema.parse({ type: "s3", bucket: "acme-state", region: "us-east-1", prefix: "spillway/prod" });
    for (const text of ["s3://acme-state/spillway/prod", "s3://acme-state/spillway/prod/"])
      expect(s3StateOptionsSchema.parse(text)).toEqual({ ...defaults, region: undefined });
    expect(s3StateOptionsSchema.parse("s3://acme-state")).toMatchObject({ bucket: "acme-state", prefix: "" });
  });

  it("may be written with the keys of its connection", () => {
    const given = {
      url: "s3://acme-state/x",
      region: "eu-central-1",
      endpoint: "https://minio.internal",
      path_style: true,
      encryption: "s3",
    };
    expect(s3StateOptionsSchema.parse(given)).toMatchObject({
      bucket: "acme-state",
      prefix: "x",
      region: "eu-central-1",
      path_style: true,
    });
  });

  it.each(["acme-state/x", "https://acme-state/x", "s3://Acme_State/x", { url: "s3://acme", acl: "private" }, { region: "eu-central-1" }])(
    "is refused as %j",
    (given) => {
      expect(s3StateOptionsSchema.safeParse(given).success).toBe(false);
    },
  );
});

objectStoreContract("a state root on S3", async () => {
  const s3 = await s3Fixture();
  const keys = s3.server.accounts.addUser("state", [{ actions: ["s3:*"], resources: ["*"] }]);
  const credentials = { access_key_id: keys.accessKeyId, secret_access_key: keys.secretAccessKey };
  const { endpoint, region } = s3.server;
  const options = s3StateOptionsSchema.parse({ url: `s3://${BUCKET}/state`, region, endpoint, path_style: true, credentials });
  const store = openS3Store(options, { sessionName: "state", tuning: SMALL });
  return {
    place: store.place,
    putNew: (key, body, facts, signal) => store.putNew(key, body, facts, signal),
    replace: (key, body, facts, signal) => store.replace(key, body, facts, signal),
    head: (key, signal) => store.head(key, signal),
    get: (key, signal) => store.get(key, signal),
    list: (prefix, signal) => store.list(prefix, signal),
    delete: (key, signal) => store.delete(key, signal),
    [Symbol.asyncDispose]: async () => {
      await store[Symbol.asyncDispose]();
      await s3[Symbol.asyncDispose]();
    },
  };
});
