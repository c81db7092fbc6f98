import { chmod } from "node:fs/promises";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { SyncError } from "../../src/core/errors.ts";
import { resolveSecret } from "../../src/core/resolve-secret.ts";
import { secretSchema } from "../../src/core/secret-schema.ts";
import { Secret } from "../../src/core/secret.ts";
import type { SecretRef } from "../../src/core/secret.ts";
import { tempFolder } from "../support/temp-folder.ts";

const never = new AbortController().signal;
const reveal = async (ref: SecretRef): Promise<string> => (await resolveSecret(ref, never)).reveal();

const refusal = async (ref: SecretRef, signal = never): Promise<string> => {
  const error: unknown = await resolveSecret(ref, signal).catch((thrown: unknown) => thrown);
  if (!(error instanceof SyncError)) throw new Error("the secret was had", { cause: error });
  expect(error.code).toBe("SECRET_UNAVAILABLE");
  expect(error.hint).not.toBeNull();
  expect(error.cause).toBeUndefined();
  expect(inspect(error)).not.toContain("hunter2");
  return error.message;
};

describe("A secret", () => {
  test("is written as text, as a file or as a command, and as nothing else", () => {
    expect(secretSchema.parse({ file: "a" })).toEqual({ file: "a" });
    expect(secretSchema.parse({ command: ["a", "b"] })).toEqual({ command: ["a", "b"] });
    for (const wrong of ["", 1, null, {}, { command: [] }, { file: "a", command: ["b"] }])
      expect(secretSchema.safeParse(wrong).success).toBe(false);
  });
  test("never shows itself", () => {
    const secret = secretSchema.parse("hunter2");
    expect(
      `${JSON.stringify({ secret })} ${inspect({ secret }, { showHidden: true, depth: 5 })} ${secret instanceof Secret ? secret.toString() : ""}`,
    ).not.toContain("hunter2");
    expect(secret instanceof Secret && secret.reveal()).toBe("hunter2");
  });
  test("given as text is had as it is", async () => {
    expect(await reveal(new Secret(" a\n"))).toBe(" a\n");
  });
});

describe("A secret in a file", () => {
  test("is had without the line end at its end, and anew each time", async () => {
    await using folder = await tempFolder();
    const file = await folder.write("pw", " päss\nword \r\n");
    expect(await reveal({ file })).toBe(" päss\nword ");
    await folder.write("pw", "next\n\n");
    expect(await reveal({ file })).toBe("next\n");
  });
  test("that is missing, empty, a folder, too large or no text is refused without its content", async () => {
    await using folder = await tempFolder();
    const empty = await folder.write("empty", "\n");
    const large = await folder.write("large", "hunter2".repeat(10_000));
    const bytes = await folder.write("bytes", Uint8Array.from([0x68, 0xff]));
    expect(await refusal({ file: folder.at("none") })).toBe(`the secret file ${folder.at("none")} cannot be read: it does not exist`);
    expect(await refusal({ file: empty })).toBe(`the secret file ${empty} gives nothing`);
    expect(await refusal({ file: folder.path })).toBe(`the secret file ${folder.path} cannot be read: it is a folder`);
    expect(await refusal({ file: large })).toBe(`the secret file ${large} gives more than 64 KiB`);
    expect(await refusal({ file: bytes })).toBe(`the secret file ${bytes} gives bytes that are not UTF-8 text`);
  });
});

describe("A secret from a command", () => {
  const node = (script: string): SecretRef => ({ command: [process.execPath, "-e", script] });

  test("is what the command prints, run without a shell in the given folder", async () => {
    await using folder = await tempFolder();
    expect(await reveal({ command: [process.execPath, "-p", "process.cwd() + process.argv[1]", "$HOME;*"], cwd: folder.path })).toBe(
      `${folder.path}$HOME;*`,
    );
    await chmod(await folder.write("give.sh", "#!/bin/sh\necho here\n"), 0o755);
    expect(await reveal({ command: ["./give.sh"], cwd: folder.path })).toBe("here");
  });
  test("that fails, prints nothing or too much, or is not there is refused without what it printed or was given", async () => {
    expect(await refusal(node("console.log('hunter2'); console.error('hunter2'); process.exit(3)"))).toBe(
      "the secret command node failed with exit code 3",
    );
    expect(await refusal(node("process.kill(process.pid, 'SIGTERM')"))).toBe("the secret command node was ended by SIGTERM");
    expect(await refusal(node("console.log('')"))).toBe("the secret command node gives nothing");
    expect(await refusal(node("console.log('hunter2'.repeat(20000))"))).toBe("the secret command node printed more than 64 KiB");
    expect(await refusal({ command: ["./no-such-command", "hunter2"] })).toBe(
      "the secret command no-such-command was not found (or its working folder does not exist)",
    );
  });
  test("that gives no answer in time is stopped", async () => {
    await expect(resolveSecret(node("setInterval(() => {}, 1000)"), never, 300)).rejects.toMatchObject({
      code: "SECRET_UNAVAILABLE",
      message: "the secret command node gave no answer within 0.3 s and was stopped",
    });
  });
  test("is not waited for on its input", async () => {
    expect(await reveal(node("process.stdin.on('end', () => console.log('done')).resume()"))).toBe("done");
  });
  test("ends when the run is stopped", async () => {
    const stop = new AbortController();
    const pending = resolveSecret(node("setInterval(() => {}, 1000)"), stop.signal);
    setTimeout(() => stop.abort(new Error("stopped")), 100);
    await expect(pending).rejects.toThrow("stopped");
    await expect(resolveSecret(node(""), stop.signal)).rejects.toThrow("stopped");
  });
});
