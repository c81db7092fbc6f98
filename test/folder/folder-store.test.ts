import { copyFile, mkdir, readFile, readdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ObjectStore } from "../../src/core/ports.ts";
import { openFolderStore } from "../../src/folder/folder-store.ts";
import { bodyOf, factsOf, objectStoreContract } from "../contract/object-store.ts";
import { tempFolder } from "../support/temp-folder.ts";

const never = new AbortController().signal;

objectStoreContract("a folder", async () => {
  const folder = await tempFolder();
  const store = openFolderStore({ path: folder.at("not", "yet", "there"), role: "destination" });
  return new Proxy(store, {
    get(target, property) {
      if (property === Symbol.asyncDispose) return () => folder[Symbol.asyncDispose]();
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
});

test("a partner's folder holds nothing visible but the objects", async () => {
  await using folder = await tempFolder();
  const store = openFolderStore({ path: folder.path, role: "destination" });
  const body = bodyOf("x");
  await store.putNew("in/a.csv", body, factsOf(body), never);
  expect((await readdir(folder.path)).toSorted()).toEqual([".spillway", "in"]);
  expect(await readdir(folder.at("in"))).toEqual(["a.csv"]);
  expect(await readdir(folder.at(".spillway", "tmp"))).toEqual([]);
});

test("F04: a write that fails half-way leaves no temporary file", async () => {
  await using folder = await tempFolder();
  const store = openFolderStore({ path: folder.path, role: "destination" });
  const broken = {
    ...bodyOf("whole"),
    open: () =>
      Readable.from(
        (function* () {
          yield Buffer.from("wh");
          throw new Error("lost");
        })(),
      ),
  };
  await expect(store.putNew("a", broken, null, never)).rejects.toThrow("lost");
  expect(await readdir(folder.at(".spillway", "tmp"))).toEqual([]);
});

test("somebody else's file under a key has no facts, even after ours was there with other bytes", async () => {
  await using folder = await tempFolder();
  const store = openFolderStore({ path: folder.path, role: "destination" });
  await writeFile(folder.at("theirs"), "hello");
  expect(await store.head("theirs", never)).toEqual({ kind: "found", size: 5, facts: null });
  const body = bodyOf("hello");
  await store.putNew("ours", body, factsOf(body), never);
  await writeFile(folder.at("ours"), "HELLO");
  expect(await store.head("ours", never)).toEqual({ kind: "found", size: 5, facts: null });
  await rm(folder.at("ours"));
  await copyFile(folder.at("theirs"), folder.at("ours.new"));
  await rename(folder.at("ours.new"), folder.at("ours"));
  expect(await store.head("ours", never)).toMatchObject({ kind: "found", facts: null });
});

test("a torn record of facts counts as none", async () => {
  await using folder = await tempFolder();
  const store = openFolderStore({ path: folder.path, role: "destination" });
  const body = bodyOf("x");
  await store.putNew("a", body, factsOf(body), never);
  const [record] = await readdir(folder.at(".spillway", "facts"));
  const path = folder.at(".spillway", "facts", record ?? "");
  await writeFile(path, (await readFile(path, "utf8")).slice(0, 20));
  expect(await store.head("a", never)).toMatchObject({ kind: "found", facts: null });
});

test.each(["../x", "a/../../x", "/etc/x", "a//b", "", ".", "a/./b", "a\0b", ".spillway/facts/x"])(
  "S25: the key %j is refused",
  async (key) => {
    await using folder = await tempFolder();
    const store = openFolderStore({ path: folder.at("root"), role: "destination" });
    await expect(store.putNew(key, bodyOf("x"), null, never)).rejects.toMatchObject({ code: "OBJECT_KEY_REFUSED" });
    expect(await readdir(folder.path)).toEqual([]);
  },
);

test("no key leads out of the folder", async () => {
  await using folder = await tempFolder();
  const store = openFolderStore({ path: folder.at("root"), role: "destination" });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom("a", "..", ".", "/", "é", "\0", "b c", "\\"), { maxLength: 6 }), async (parts) => {
      const key = parts.join("");
      await store.putNew(key, bodyOf("x"), null, never).catch(() => undefined);
      expect((await readdir(folder.path)).filter((name) => name !== "root")).toEqual([]);
    }),
    { numRuns: 60, seed: 7 },
  );
});

test("a file where a folder is needed and a missing link target are told as what they are", async () => {
  await using folder = await tempFolder();
  await folder.write("file", "x");
  const store = openFolderStore({ path: folder.path, role: "destination" });
  await expect(store.putNew("file/inside", bodyOf("x"), null, never)).rejects.toMatchObject({ code: "DESTINATION_UNAVAILABLE" });
  const state = openFolderStore({ path: folder.at("file"), role: "state" });
  await expect(state.putNew("a", bodyOf("x"), null, never)).rejects.toMatchObject({ code: "STATE_UNAVAILABLE", retry: "transient" });
});

test("tidying up while others write loses no object", async () => {
  await using folder = await tempFolder();
  const store: ObjectStore = openFolderStore({ path: folder.path, role: "state" });
  await mkdir(folder.at("plain"));
  await symlink(folder.at("plain"), folder.at("linked"));
  const work = Array.from({ length: 30 }, async (_, at) => {
    const key = join("shared", "deep", String(at));
    expect(await store.putNew(key, bodyOf("x"), null, never)).toEqual({ kind: "created" });
    if (at % 2 === 0) await store.delete(key, never);
  });
  await Promise.all(work);
  expect(await store.list("shared/", never)).toHaveLength(15);
});

test("what a writer that died left unfinished goes after a day, and not before", async () => {
  await using folder = await tempFolder();
  const old = await folder.write(".spillway/tmp/old", "x");
  await folder.write(".spillway/tmp/young", "x");
  await utimes(old, new Date("2020-01-01"), new Date("2020-01-01"));
  await openFolderStore({ path: folder.path, role: "state" }).putNew("a", bodyOf("x"), null, never);
  expect(await readdir(folder.at(".spillway", "tmp"))).toEqual(["young"]);
});
