import { z } from "zod";
import { ALERT_EDGES } from "../../core/alerts.ts";
import type { ObjectStore } from "../../core/ports.ts";
import { numberOf } from "../../state/state-keys.ts";
import { createDocument, readDocument } from "../../state/state-store.ts";

// What a stream's alerts have been told is a create-once sequence like CURRENT: of several hosts that see the same edge, one writes
// the next entry and tells it.

const alert = z
  .strictObject({
    id: z.string(),
    edge: z.enum(ALERT_EDGES),
    stream: z.string(),
    model: z.string(),
    at: z.iso.datetime(),
    run: z.string().nullable(),
    generation: z.int().nullable(),
    code: z.string().nullable(),
    title: z.string(),
    message: z.string(),
    hint: z.string(),
    link: z.string().nullable(),
  })
  .readonly();

const pending = z.strictObject({ alert, to: z.array(z.string()).readonly(), claimedAt: z.iso.datetime() }).readonly();

const alertStateSchema = z
  .strictObject({
    format: z.literal("spillway/alerts/1"),
    seq: z.int().nonnegative(),
    /** Two hosts never write the same bytes, so each knows its own entry. */
    by: z.string(),
    at: z.iso.datetime(),
    condition: z.enum(["ok", "failed", "held"]),
    late: z.boolean(),
    deviating: z.boolean(),
    lastSuccess: z.iso.datetime().nullable(),
    /** Rows of the results of the last runs that succeeded, newest last. */
    rows: z.array(z.int().nonnegative()).readonly(),
    /** Decided and not yet known to be told, by the names of the sinks. */
    pending: z.array(pending).readonly(),
  })
  .readonly();

/** What is known of a stream's alerts: how it stood when last told, and what is still to be told. */
export type AlertState = Omit<z.infer<typeof alertStateSchema>, "format" | "seq" | "by" | "at">;
export type PendingAlert = z.infer<typeof pending>;

/** How a stream stands of which nothing was ever told. */
export const NOTHING_TOLD: AlertState = { condition: "ok", late: false, deviating: false, lastSuccess: null, rows: [], pending: [] };

const KEPT = 2;

/** Where and as whom the sequence is read and written. */
export interface AlertLedger {
  readonly store: ObjectStore;
  readonly by: string;
  now(): string;
}

/**
 * Moves a stream's alert state on, and answers what it was moved to; null when `change` found nothing to do. Another host's entry in
 * between is read and `change` is asked anew.
 */
export async function advanceAlerts(
  { store, by, now }: AlertLedger,
  stream: string,
  change: (state: AlertState) => AlertState | null,
  signal: AbortSignal,
): Promise<AlertState | null> {
  const prefix = `${stream}/alerts/`;
  for (;;) {
    signal.throwIfAborted();
    const keys = await store.list(prefix, signal);
    const newest = keys.at(-1);
    const found = newest === undefined ? null : await readDocument(store, newest, alertStateSchema, signal);
    // Pruned between the listing and the reading: a newer one stands.
    if (newest !== undefined && found === null) continue;
    const state = change(found ?? NOTHING_TOLD);
    if (state === null) return null;
    const seq = (newest === undefined ? 0 : (numberOf(newest) ?? 0)) + 1;
    const { condition, late, deviating, lastSuccess, rows, pending: open } = state;
    const entry = { format: "spillway/alerts/1", seq, by, at: now(), condition, late, deviating, lastSuccess, rows, pending: open };
    if ((await createDocument(store, `${prefix}${String(seq).padStart(8, "0")}.json`, entry, signal)) === "exists") continue;
    for (const old of keys.slice(0, -(KEPT - 1))) await store.delete(old, signal);
    return state;
  }
}
