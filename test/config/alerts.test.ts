import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { CONFIG, load, MODEL, problems } from "./temp-project.ts";

const refused = async (lines: string, model = MODEL): Promise<string> =>
  problems({ "config.yaml": `${CONFIG}\n${lines}\n`, "models/users.yaml": model });

describe("alerts", () => {
  test("sinks and the models that name them compile, with every default filled in", async () => {
    const { project, warnings } = await load({
      "config.yaml": `${CONFIG}
alerts:
  ops: {type: slack, url: "https://hooks.slack.com/services/T/B/x", on: [failed]}
  hook: {type: webhook, url: https://example.com/hook, secret: {file: hook.key}, timeout: 3s}
  beat: {type: heartbeat, url: {command: [cat, url]}}
`,
      "models/users.yaml": `${MODEL}\nalerts: [ops, beat]\n`,
    });
    expect(project.streams[0]?.alerts).toEqual(["ops", "beat"]);
    expect(project.alerts).toMatchObject([
      { name: "ops", type: "slack", on: ["failed"], timeoutMs: 10_000 },
      {
        name: "hook",
        type: "webhook",
        secret: { file: "<root>/hook.key" },
        on: ["failed", "held", "recovered", "late", "deviation"],
        timeoutMs: 3000,
      },
      { name: "beat", type: "heartbeat", method: "GET", url: { command: ["cat", "url"], cwd: "<root>" } },
    ]);
    expect(inspect(project.alerts, { depth: 5 })).not.toContain("hooks.slack.com");
    expect(warnings).toEqual([expect.stringContaining('no model tells alert "hook"')]);
  });

  test("a name that does not exist is shown with the nearest that does", async () => {
    const text = await refused("alerts: {ops: {type: heartbeat, url: https://example.com/x}}", `${MODEL}\nalerts: [opps]\n`);
    expect(text).toMatch(/CONFIG_UNKNOWN_NAME there is no alert "opps"[\s\S]*\^{4} did you mean "ops"\?/);
  });

  test("defaults name who is told for every model, and a target replaces who that is", async () => {
    const { project } = await load(
      {
        "config.yaml": `${CONFIG}
alerts: {ops: {type: slack, url: https://example.com/x}}
defaults: {alerts: [ops]}
targets: {dev: {alerts: {ops: {type: heartbeat, url: https://example.com/dev}}, serve: {port: 9999}}}
`,
      },
      {},
      "dev",
    );
    expect(project.streams[0]?.alerts).toEqual(["ops"]);
    expect(project.alerts).toMatchObject([{ name: "ops", type: "heartbeat" }]);
    expect(project.serve).toMatchObject({ host: "127.0.0.1", port: 9999 });
  });

  test.each<[string, RegExp]>([
    ["alerts: {ops: {type: slak, url: https://example.com}}", /slack/],
    ["alerts: {ops: {type: webhook, url: https://example.com}}", /"secret" is missing/],
    ["alerts: {ops: {type: slack, url: hooks.slack.com/T/B/x}}", /write an address that starts with https/],
    ["alerts: {ops: {type: slack, url: https://example.com, on: [fail]}}", /failed/],
    ["alerts: {ops: {type: heartbeat, url: https://example.com, on: [failed]}}", /CONFIG_UNKNOWN_KEY/],
  ])("%s is refused", async (lines, says) => {
    expect(await refused(lines)).toMatch(says);
  });

  test("a broken address is not shown", async () => {
    expect(await refused("alerts: {ops: {type: slack, url: hooks.slack.com/T/B/x}}")).not.toContain("slack.com/T");
  });
});

describe("serve", () => {
  test("listens on this machine alone unless it is told otherwise", async () => {
    const { project } = await load({});
    expect(project.serve).toEqual({ host: "127.0.0.1", port: 8787, token: null, publicUrl: null });
  });

  test("other addresses need a token that cannot be guessed", async () => {
    expect(await refused("serve: {host: 0.0.0.0}")).toMatch(/serve\.token[\s\S]*|token/);
    expect(await refused("serve: {host: 0.0.0.0}")).toContain('"0.0.0.0" can be reached by others, so a token is needed');
    expect(await refused("serve: {token: short}")).toContain("at least 16 characters");
    const { project } = await load({
      "config.yaml": `${CONFIG}\nserve: {host: 0.0.0.0, token: {file: token}, public_url: "https://x.example.com/"}\n`,
    });
    expect(project.serve).toEqual({ host: "0.0.0.0", port: 8787, token: { file: "<root>/token" }, publicUrl: "https://x.example.com" });
  });
});
