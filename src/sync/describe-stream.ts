import type { ResolvedMapping } from "../core/delta.ts";
import type { Source } from "../core/ports.ts";
import type { Stream } from "../core/types.ts";
import { resolveColumnSecrets } from "../files/column-secrets.ts";
import { describeModel } from "./describe-model.ts";
import type { RunParts } from "./sync-deps.ts";

/** What a stream's query yields and how its columns become outputs, without running it; fails as a run would at that point. */
export async function describeStream(
  { parts }: { readonly parts: RunParts },
  source: Source,
  stream: Stream,
  signal: AbortSignal,
): Promise<ResolvedMapping> {
  const columns = await describeModel(source, stream.query, signal);
  return parts.resolveMapping({ ...stream, columns: await resolveColumnSecrets(stream.columns, signal) }, columns);
}
