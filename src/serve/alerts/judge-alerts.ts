import type { AlertEdge } from "../../core/alerts.ts";
import type { RunRecord, RunStatus } from "../../state/documents.ts";
import type { AlertState } from "./alert-state.ts";
import type { LateFacts } from "./describe-alert.ts";

const LOOK_BACK = 7;
/** Fewer runs than these say nothing about what is usual. */
const FEWEST_RUNS = 4;
/** Tables smaller than this change by large shares every day. */
const FEWEST_ROWS = 100;
/** A run that takes most of its interval is no news; one that hangs is, when the next slot comes due. */
const LATE_INTERVALS = 1.5;
const USUAL_SHARE = 0.3;
const USUAL_SPREADS = 6;

/** A state of alerts after something happened, and what is to be told of it. */
export interface Judged {
  readonly state: AlertState;
  readonly edges: readonly AlertEdge[];
}

/** Whether a run with this status did what it was to do. */
export function succeeded(status: RunStatus): boolean {
  return ["delivered", "unchanged", "baselined", "recovered"].includes(status);
}

/** What a run that ended means for who is told: only a change of how the stream stands is an edge. */
export function judgeRun(state: AlertState, record: Pick<RunRecord, "status" | "counts" | "endedAt">): Judged {
  const { status, counts } = record;
  if (status === "failed" || status === "held") {
    return { state: { ...state, condition: status }, edges: state.condition === status ? [] : [status] };
  }
  // Answered with no: nothing works again, but what is held next is news.
  if (status === "rejected") return { state: state.condition === "held" ? { ...state, condition: "ok" } : state, edges: [] };
  if (!succeeded(status)) return { state, edges: [] };
  const rows = counts?.current ?? null;
  const deviating = rows === null ? state.deviating : isFarFrom(state.rows, rows);
  const edges: AlertEdge[] = [];
  if (state.condition !== "ok" || state.late) edges.push("recovered");
  if (deviating && !state.deviating) edges.push("deviation");
  const known = rows === null ? state.rows : [...state.rows, rows].slice(-LOOK_BACK);
  return { state: { ...state, condition: "ok", late: false, deviating, lastSuccess: record.endedAt, rows: known }, edges };
}

/** What it means that a slot is not done when it should be: nothing, as long as the last success is not far enough back. */
export function judgeLate(state: AlertState, { slot, lateMs, intervalMs }: LateFacts): Judged {
  const since = state.lastSuccess === null ? Number.POSITIVE_INFINITY : Date.parse(slot) + lateMs - Date.parse(state.lastSuccess);
  if (state.late || since < LATE_INTERVALS * intervalMs) return { state, edges: [] };
  return { state: { ...state, late: true }, edges: ["late"] };
}

/** Whether a number of rows is far from the usual: from their median by more than 30 % and more than six times their median deviation. */
export function isFarFrom(usual: readonly number[], rows: number): boolean {
  if (usual.length < FEWEST_RUNS) return false;
  const middle = median(usual);
  const spread = median(usual.map((each) => Math.abs(each - middle)));
  if (Math.max(middle, rows) < FEWEST_ROWS) return false;
  return Math.abs(rows - middle) > Math.max(USUAL_SHARE * middle, USUAL_SPREADS * spread);
}

/** The middle of some numbers; 0 of none. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  return (lower + upper) / 2;
}
