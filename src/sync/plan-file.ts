import { createHash } from "node:crypto";
import { z } from "zod";
import { SyncError } from "../core/errors.ts";
import { planSchema, type Plan } from "../state/documents.ts";

/** A plan that a person looks at before it is run; its bytes stay in the state root. */
const planFileSchema = z
  .strictObject({
    format: z.literal("spillway/plan-file/1"),
    stream: z.string(),
    run: z.string(),
    /** Of the plan's canonical text: a plan that was edited is refused. */
    sha256: z.string(),
    plan: planSchema,
  })
  .readonly();

/** Text of a plan file. */
export function writePlanFile(plan: Plan): string {
  const file = { format: "spillway/plan-file/1", stream: plan.stream, run: plan.run, sha256: planHash(plan), plan } satisfies z.infer<
    typeof planFileSchema
  >;
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** Reads the text of a plan file; PLAN_FILE_INVALID when it is none, or was edited. */
export function readPlanFile(text: string): Plan {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalid("is not JSON");
  }
  const file = planFileSchema.safeParse(json);
  if (!file.success) throw invalid(`breaks its format at ${file.error.issues[0]?.path.join(".") || "its top"}`);
  if (planHash(file.data.plan) !== file.data.sha256) throw invalid("was edited after it was made");
  return file.data.plan;
}

function planHash(plan: Plan): string {
  // Through the schema, which puts keys into one order: a plan that was just made may hold them in another.
  return createHash("sha256")
    .update(JSON.stringify(planSchema.parse(plan)))
    .digest("hex");
}

function invalid(what: string): SyncError {
  return new SyncError("PLAN_FILE_INVALID", `The plan file ${what}.`, { hint: "Make a new one with `sync plan --out FILE`." });
}
