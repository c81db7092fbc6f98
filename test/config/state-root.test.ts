import { expect, test } from "vitest";
import { CONFIG, load, problems } from "./temp-project.ts";

const withState = (state: string): Readonly<Record<string, string>> => ({ "config.yaml": `${CONFIG}state: ${state}\n` });

test("the state root may be a bucket, by its URL or with the keys of its connection; then scratch lies beside config.yaml", async () => {
  const { project } = await load(withState("s3://acme-state/prod/"));
  expect(project.state).toMatchObject({ type: "s3", options: { bucket: "acme-state", prefix: "prod", conditional_writes: "auto" } });
  expect(project.engine.tempDirectory).toBe("<root>/.sync/tmp");
  const keys = "{access_key_id: {file: keys/id}, secret_access_key: {command: [vault, get]}}";
  const role = "arn:aws:iam::111122223333:role/state";
  const written = `{url: "s3://acme-state", region: eu-central-1, role_arn: "${role}", external_id: x-1, credentials: ${keys}, endpoint: "https://minio", path_style: true, encryption: s3}`;
  expect((await load(withState(written))).project.state).toMatchObject({
    options: {
      prefix: "",
      region: "eu-central-1",
      role_arn: role,
      external_id: "x-1",
      credentials: { access_key_id: { file: "<root>/keys/id" }, secret_access_key: { cwd: "<root>" } },
      encryption: "s3",
    },
  });
});

test("a state root on S3 is checked where it stands", async () => {
  expect(await problems(withState("s3://Acme_State/x"))).toMatchInlineSnapshot(`
    "
    config.yaml:6:8 CONFIG_INVALID state is not valid
      6 | state: s3://Acme_State/x
                 ^^^^^^^^^^^^^^^^^ a bucket's name has 3 to 63 lower-case letters, digits, dots and dashes
    "
  `);
  expect(await problems(withState('{url: "https://acme/x", rolearn: x, encryption: aes}'))).toMatchInlineSnapshot(`
    "
    config.yaml:6:14 CONFIG_INVALID url is not valid
      6 | state: {url: [hidden], rolearn: x, encryption: aes}
                       ^^^^^^^^ write s3://bucket/prefix

    config.yaml:6:24 CONFIG_UNKNOWN_KEY state: there is no key "rolearn"
      6 | state: {url: [hidden], rolearn: x, encryption: aes}
                                 ^^^^^^^ did you mean "role_arn"?

    config.yaml:6:48 CONFIG_INVALID encryption has to be one of none, s3
      6 | state: {url: [hidden], rolearn: x, encryption: aes}
                                                         ^^^
    "
  `);
  expect(await problems(withState("gs://acme"))).toMatchInlineSnapshot(`
    "
    config.yaml:6:8 CONFIG_INVALID state is not valid
      6 | state: gs://acme
                 ^^^^^^^^^ write s3://bucket/prefix
    "
  `);
});

test("no destination may lie among the objects of the state", async () => {
  const text = `version: 1
state: s3://acme/state
sources:
  warehouse: {type: duckdb}
destinations:
  partner: {type: local, path: out}
  a: {type: s3, bucket: acme, region: eu-central-1, prefix: state/in}
  b: {type: s3, bucket: acme, region: eu-central-1, prefix: stated}
`;
  expect(await problems({ "config.yaml": text })).toMatchInlineSnapshot(`
    "
    config.yaml:7:61 CONFIG_INVALID the prefix lies among the objects of the state
      7 |   a: {type: s3, bucket: acme, region: eu-central-1, prefix: state/in}
                                                                      ^^^^^^^^ choose one beside it
    "
  `);
});
