import { resolveSecret } from "../core/resolve-secret.ts";
import type { ColumnStep, OutputColumn } from "../core/types.ts";

/** The columns with the secrets of their steps fetched, anew at every call. */
export async function resolveColumnSecrets(
  columns: readonly OutputColumn[] | null,
  signal: AbortSignal,
): Promise<readonly OutputColumn[] | null> {
  if (columns === null) return null;
  const resolved: OutputColumn[] = [];
  for (const column of columns) {
    const steps: ColumnStep[] = [];
    for (const step of column.steps ?? []) steps.push(await withSecret(step, signal));
    resolved.push(column.steps === undefined ? column : { ...column, steps });
  }
  return resolved;
}

async function withSecret(step: ColumnStep, signal: AbortSignal): Promise<ColumnStep> {
  if (step.step !== "apply" || step.name !== "hmac_sha256") return step;
  return { ...step, secret: await resolveSecret(step.secret, signal) };
}
