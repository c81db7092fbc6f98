import { z } from "zod";
import type { ObjectFacts } from "../core/ports.ts";

const schema = z.strictObject({
  key: z.string(),
  stateId: z.string(),
  generation: z.int(),
  run: z.string(),
  sha256: z.string(),
});

/** The hidden record that says whose an object of a folder is. */
export function factsRecord(key: string, facts: ObjectFacts): string {
  return `${JSON.stringify({ key, ...facts } satisfies z.infer<typeof schema>)}\n`;
}

/** Reads such a record; one that is torn or speaks of another key says nothing. */
export function parseFacts(text: string, key: string): ObjectFacts | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const record = schema.safeParse(json);
  if (!record.success || record.data.key !== key) return null;
  const { stateId, generation, run, sha256 } = record.data;
  return { stateId, generation, run, sha256 };
}
