import type { ObjectStore } from "../../src/core/ports.ts";
import { objectStoreContract } from "../contract/object-store.ts";
import { s3Fixture } from "../support/s3/s3-fixture.ts";
import type { S3Fixture } from "../support/s3/s3-fixture.ts";

/** The store of a fixture; disposing it stops the server as well. */
function withServer(s3: S3Fixture): ObjectStore {
  return new Proxy<ObjectStore>(s3.store, {
    get(target, property) {
      if (property === Symbol.asyncDispose) return () => s3[Symbol.asyncDispose]();
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

objectStoreContract("S3", async () => withServer(await s3Fixture()));
objectStoreContract("S3 without checksum headers", async () => withServer(await s3Fixture({ changes: { checksums: "required" } })));
