import { resolveSecret } from "../core/resolve-secret.ts";
import type { ColumnStep, OutputColumn } from "../core/types.ts";

/** The columns with the secrets of their steps fetched, anew at every call. */
export async function resolveColumnSecrets(
  columns: readonly OutputColumn[] | null,
  signal: AbortSignal,
): Promise<readonly OutputColumn[] | null> {
  return columns === null ? null : await withSecrets(columns, signal);
}

async function withSecrets(columns: readonly OutputColumn[], signal: AbortSignal): Promise<readonly OutputColumn[]> {
  const resolved: OutputColumn[] = [];
  for (const column of columns) {
    const steps: ColumnStep[] = [];
    for (const step of column.steps ?? []) steps.push(await withSecret(step, signal));
    const { value } = column;
    const made = value.from === "object" ? { ...column, value: { ...value, members: await withSecrets(value.members, signal) } } : column;
    resolved.push(column.steps === undefined ? made : { ...made, steps });
  }
  return resolved;
}

async function withSecret(step: ColumnStep, signal: AbortSignal): Promise<ColumnStep> {
  if (step.step !== "apply" || step.name !== "hmac_sha256") return step;
  return { ...step, secret: await resolveSecret(step.secret, signal) };
}
