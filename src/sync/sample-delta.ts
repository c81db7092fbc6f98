import type { Delta } from "../core/delta.ts";
import type { SqlSession } from "../core/ports.ts";
import type { FileChange } from "../core/types.ts";
import { sqlText } from "../engine/sql-literal.ts";

/** Example rows of one kind of change: output values by position, as they are told now and as they were told last. */
export interface DeltaSample {
  readonly change: FileChange;
  readonly outputs: readonly string[];
  readonly rows: readonly { readonly after: readonly (string | null)[] | null; readonly before: readonly (string | null)[] | null }[];
}

const CHANGES: readonly FileChange[] = ["added", "changed", "removed", "full"];

/** The first few rows of each kind of change of a delta. For people: these are row values, and belong in no log. */
export async function sampleDelta(session: SqlSession, delta: Delta, limit: number, signal: AbortSignal): Promise<readonly DeltaSample[]> {
  const outputs = delta.layout.outputs.map((output) => output.name);
  const after = outputs.map((_, at) => `o${at}`);
  const both = [...after, ...outputs.map((_, at) => `p${at}`)];
  const samples: DeltaSample[] = [];
  for (const change of CHANGES) {
    if (delta.counts[change] === 0n || outputs.length === 0) continue;
    // Where a file is also the new base, it holds rows as they are told now and nothing else.
    const columns = change === "changed" || change === "removed" ? both : after;
    const query = `SELECT ${columns.join(", ")} FROM read_parquet(${sqlText(delta.path)}) WHERE op = ${sqlText(change)} LIMIT ${Math.trunc(limit)}`;
    const rows = await session.rows(query, signal);
    samples.push({
      change,
      outputs,
      rows: rows.map((row) => ({
        after: change === "removed" ? null : row.slice(0, outputs.length),
        before: change === "added" || change === "full" ? null : row.slice(outputs.length),
      })),
    });
  }
  return samples;
}
