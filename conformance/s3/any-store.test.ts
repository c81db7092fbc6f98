import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { examineS3 } from "../../src/s3/s3-doctor.ts";
import { openS3Store } from "../../src/s3/s3-store.ts";
import { objectStoreContract } from "../../test/contract/object-store.ts";
import { ALWAYS, bodyOf, factsOf, someBytes } from "../../test/support/s3/s3-fixture.ts";
import { optionsOn, serverUnderTest } from "./server-under-test.ts";

const server = serverUnderTest();
const MIB = 1024 * 1024;
const REAL_PARTS = { singlePutLimit: 5 * MIB, partSize: () => 5 * MIB };

/** Options with a prefix that nobody used before. */
const fresh = (changes: Record<string, unknown> = {}) =>
  optionsOn(server, server.admin, { prefix: `spillway-${randomUUID()}`, ...changes });

for (const checksums of ["supported", "required"])
  objectStoreContract(`${server.endpoint} with checksums: ${checksums}`, () =>
    Promise.resolve(openS3Store(fresh({ checksums }), { sessionName: "conformance" })),
  );

// With the checksum of the whole object only where the store knows such a thing; see accounts.ts.
describe.each(server.wholeObjectChecksums ? ["supported", "required"] : ["required"])("a large object with checksums: %s", (checksums) => {
  it("arrives whole in parts, is never replaced, and can be created by one of five writers only", async () => {
    await using store = openS3Store(fresh({ checksums }), { sessionName: "conformance", tuning: { partSizes: REAL_PARTS } });
    const bodies = Array.from({ length: 5 }, (_, index) => bodyOf(someBytes(11 * MIB + index, index + 1)));
    const outcomes = await Promise.all(bodies.map((body) => store.putNew("large.csv", body, factsOf(body), ALWAYS)));
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(["created", "exists", "exists", "exists", "exists"]);
    const winner = bodies[outcomes.findIndex(({ kind }) => kind === "created")];
    expect(winner).toBeDefined();
    expect(await store.head("large.csv", ALWAYS)).toEqual({ kind: "found", size: winner?.size, facts: winner && factsOf(winner) });
    await store.delete("large.csv", ALWAYS);
  });
});

describe("the store", () => {
  it("honours conditional writes", async () => {
    await using store = openS3Store(fresh(), { sessionName: "conformance" });
    expect(await store.promises(ALWAYS)).toEqual({ conditionalWrites: "honoured", warning: null });
  });

  it("passes the doctor's checks", async () => {
    for await (const check of examineS3(fresh(), { sessionName: "conformance", clock: systemClock }, ALWAYS))
      expect(check).not.toMatchObject({ status: "fail" });
  });

  it("keeps tags, storage class and encryption out of the way of delivery", async () => {
    const changes = { object_tags: { team: "growth + co=1" }, encryption: "s3", storage_class: "STANDARD" };
    await using store = openS3Store(fresh(changes), { sessionName: "conformance", tuning: { partSizes: REAL_PARTS } });
    for (const body of [bodyOf(someBytes(1000)), bodyOf(someBytes(6 * MIB))])
      expect(await store.putNew(`${body.size}.csv`, body, factsOf(body), ALWAYS)).toEqual({ kind: "created" });
  });

  it("refuses bytes that are not the planned ones", async () => {
    await using store = openS3Store(fresh({ max_attempts: 2 }), { sessionName: "conformance" });
    const body = bodyOf(someBytes(1000));
    const lie = { ...body, sha256: bodyOf(someBytes(1000, 2)).sha256 };
    await expect(store.putNew("lie.csv", lie, factsOf(lie), ALWAYS)).rejects.toMatchObject({ code: "BYTES_CHANGED" });
    expect(await store.head("lie.csv", ALWAYS)).toEqual({ kind: "missing" });
  });

  it("names a bucket that does not exist", async () => {
    await using store = openS3Store(fresh({ bucket: `none-${randomUUID()}`, conditional_writes: "off" }), {
      sessionName: "conformance",
    });
    await expect(store.putNew("a.csv", bodyOf(someBytes(10)), null, ALWAYS)).rejects.toMatchObject({ code: "DESTINATION_BUCKET_MISSING" });
  });
});
