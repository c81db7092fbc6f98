import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import type { ObjectBody, ObjectFacts, ObjectStore } from "../../src/core/ports.ts";

const never = new AbortController().signal;

/** Bytes in memory as an object's body. */
export function bodyOf(content: string | Buffer): ObjectBody {
  const bytes = Buffer.from(content);
  return {
    size: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    open: (start = 0, end = bytes.length) => Readable.from(bytes.length === 0 ? [] : [bytes.subarray(start, end)]),
  };
}

/** Facts that fit a body. */
export function factsOf(body: ObjectBody, changes: Partial<ObjectFacts> = {}): ObjectFacts {
  return { stateId: "6f9619ff-8b86-4011-b42d-00cf4fc964ff", generation: 7, run: "01RUN", sha256: body.sha256, ...changes };
}

async function textAt(store: ObjectStore, key: string): Promise<string | null> {
  const stream = await store.get(key, never);
  return stream === null ? null : (await buffer(stream)).toString("utf8");
}

/** What every ObjectStore with all rights must do; `make` opens a store on an empty place of its own. */
export function objectStoreContract(name: string, make: () => Promise<ObjectStore>): void {
  describe(`${name} keeps the object store's contract`, () => {
    writing(make);
    replacing(make);
    reading(make);
  });
}

function writing(make: () => Promise<ObjectStore>): void {
  test("an object is created once and never replaced", async () => {
    await using store = await make();
    const first = bodyOf("first");
    expect(await store.putNew("a/b.txt", first, factsOf(first), never)).toEqual({ kind: "created" });
    const second = bodyOf("second");
    expect(await store.putNew("a/b.txt", second, factsOf(second), never)).toEqual({ kind: "exists", afterUnanswered: false });
    expect(await textAt(store, "a/b.txt")).toBe("first");
    expect(await store.head("a/b.txt", never)).toEqual({ kind: "found", size: 5, facts: factsOf(first) });
  });

  test("of twenty writers of one key exactly one creates it, and its bytes and facts belong together", async () => {
    await using store = await make();
    const bodies = Array.from({ length: 20 }, (_, at) => bodyOf(`writer ${at}`));
    const outcomes = await Promise.all(bodies.map((body, at) => store.putNew("race", body, factsOf(body, { run: `RUN${at}` }), never)));
    expect(outcomes.filter((outcome) => outcome.kind === "created")).toHaveLength(1);
    const winner = outcomes.findIndex((outcome) => outcome.kind === "created");
    expect(await textAt(store, "race")).toBe(`writer ${winner}`);
    expect(await store.head("race", never)).toMatchObject({ kind: "found", facts: { run: `RUN${winner}` } });
  });

  test("a key that was taken away can be created again, with its new facts", async () => {
    await using store = await make();
    const body = bodyOf("same bytes");
    await store.putNew("k", body, factsOf(body), never);
    await store.delete("k", never);
    await store.delete("k", never);
    expect(await store.head("k", never)).toEqual({ kind: "missing" });
    expect(await store.putNew("k", body, factsOf(body, { generation: 8 }), never)).toEqual({ kind: "created" });
    expect(await store.head("k", never)).toMatchObject({ facts: { generation: 8 } });
  });

  test("an aborted write leaves nothing at its key", async () => {
    await using store = await make();
    const controller = new AbortController();
    controller.abort();
    await expect(store.putNew("late", bodyOf("x"), null, controller.signal)).rejects.toThrow(/abort/i);
    expect(await store.head("late", never)).toEqual({ kind: "missing" });
  });

  test("bytes that are not the ones that were hashed are refused and leave nothing", async () => {
    await using store = await make();
    const lie: ObjectBody = { ...bodyOf("right"), open: () => Readable.from([Buffer.from("wrong")]) };
    await expect(store.putNew("lie", lie, factsOf(lie), never)).rejects.toMatchObject({ code: "BYTES_CHANGED" });
    expect(await store.head("lie", never)).toEqual({ kind: "missing" });
  });
}

function replacing(make: () => Promise<ObjectStore>): void {
  test("an object is replaced whole, facts included, where one stands and where none does", async () => {
    await using store = await make();
    for (const text of ["first", "", "third and longest"]) {
      const body = bodyOf(text);
      expect(await store.replace("in/latest.csv", body, factsOf(body), never)).toEqual({ kind: "created" });
      expect(await textAt(store, "in/latest.csv")).toBe(text);
      expect(await store.head("in/latest.csv", never)).toEqual({ kind: "found", size: body.size, facts: factsOf(body) });
    }
    expect(await store.list("", never)).toEqual(["in/latest.csv"]);
  });

  test("an object is not replaced by bytes that are not those of its hash", async () => {
    await using store = await make();
    const [body, lie] = [bodyOf("told"), { ...bodyOf("other"), sha256: bodyOf("told").sha256 }];
    await store.replace("k", body, factsOf(body), never);
    await expect(store.replace("k", lie, factsOf(body), never)).rejects.toMatchObject({ code: "BYTES_CHANGED" });
    expect(await textAt(store, "k")).toBe("told");
  });
}

function reading(make: () => Promise<ObjectStore>): void {
  test("an object without facts is found without facts", async () => {
    await using store = await make();
    await store.putNew("plain", bodyOf("x"), null, never);
    expect(await store.head("plain", never)).toEqual({ kind: "found", size: 1, facts: null });
  });

  test("an empty object and one of a few MiB come back byte for byte", async () => {
    await using store = await make();
    const large = Buffer.alloc(5 * 1024 * 1024 + 3, "spill");
    await store.putNew("empty", bodyOf(""), null, never);
    await store.putNew("large", bodyOf(large), null, never);
    expect(await textAt(store, "empty")).toBe("");
    const stream = await store.get("large", never);
    expect(stream === null ? null : (await buffer(stream)).equals(large)).toBe(true);
  });

  test("what is not there is null, missing and not listed", async () => {
    await using store = await make();
    expect(await store.get("no/such", never)).toBeNull();
    expect(await store.head("no/such", never)).toEqual({ kind: "missing" });
    expect(await store.list("no/", never)).toEqual([]);
  });

  test("a listing shows every key below a prefix in UTF-8 order, and no other", async () => {
    await using store = await make();
    const keys = ["b/2", "b/10", "b/é", "b/z/deep", "b-1", "a", "b/Ω.txt"];
    for (const key of keys) await store.putNew(key, bodyOf(key), factsOf(bodyOf(key)), never);
    expect(await store.list("b/", never)).toEqual(["b/10", "b/2", "b/z/deep", "b/é", "b/Ω.txt"]);
    expect(await store.list("", never)).toEqual(["a", "b-1", "b/10", "b/2", "b/z/deep", "b/é", "b/Ω.txt"]);
  });
}
