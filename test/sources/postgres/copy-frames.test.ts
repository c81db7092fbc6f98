import fc from "fast-check";
import { expect, test } from "vitest";
import { CopyFrames } from "../../../src/sources/postgres/copy-frames.ts";

const message = (type: string, body: Uint8Array): Buffer => {
  const header = Buffer.alloc(5);
  header.write(type, "latin1");
  header.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
};

const anyMessage = fc.record({
  type: fc.constantFrom("d", "d", "d", "d", "c", "C", "N", "Z", "E"),
  body: fc.uint8Array({ maxLength: 40 }),
});

test.each([[null], ["<=#=>"]])(
  "rows and other messages come apart whole and in order, wherever the network cuts the bytes (mark: %s)",
  (mark) => {
    fc.assert(
      fc.property(
        fc.array(anyMessage, { maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1 }),
        (messages, cuts) => {
          const stream = Buffer.concat(messages.map(({ type, body }) => message(type, body)));
          const frames = new CopyFrames(mark);
          const rows: Buffer[] = [];
          const others: Buffer[] = [];
          for (let at = 0, cut = 0; at < stream.length; cut += 1) {
            const end = at + (cuts[cut % cuts.length] ?? 1);
            const chunk = Buffer.from(stream.subarray(at, end));
            const length = frames.split(chunk, (bytes) => others.push(Buffer.from(bytes)));
            rows.push(Buffer.from(chunk.subarray(0, length)));
            at = end;
          }
          const of = (isRow: boolean) => messages.filter(({ type }) => (type === "d") === isRow);
          expect(Buffer.concat(rows)).toEqual(Buffer.concat(of(true).flatMap(({ body }) => [Buffer.from(mark ?? ""), body])));
          expect(Buffer.concat(others)).toEqual(Buffer.concat(of(false).map(({ type, body }) => message(type, body))));
        },
      ),
    );
  },
);
