import type { AlertEdge } from "../../core/alerts.ts";
import { ERROR_CODES } from "../../core/error-codes.ts";
import { count } from "../../core/readable.ts";
import type { RunRecord } from "../../state/documents.ts";
import type { Alert } from "./alert.ts";
import { median } from "./judge-alerts.ts";

/** What an alert is made of. */
export interface AlertFacts {
  readonly edge: AlertEdge;
  readonly stream: string;
  readonly model: string;
  readonly at: string;
  /** The run that showed it; null for `late`. */
  readonly record: RunRecord | null;
  /** Rows of the runs before. */
  readonly usualRows: readonly number[];
  /** Of `late`: which slot waits. */
  readonly late: LateFacts | null;
  readonly publicUrl: string | null;
  /** Puts the name that unattended hosts call the program by into the commands of a hint. */
  readonly rename: (text: string) => string;
}

/** A slot that is not done although it should long be. */
export interface LateFacts {
  /** Its instant. */
  readonly slot: string;
  readonly lateMs: number;
  /** How long the schedule leaves between this slot and the next. */
  readonly intervalMs: number;
}

/** The alert that tells an edge: what happened, why, and the next command. */
export function describeAlert(facts: AlertFacts): Alert {
  const { edge, stream, model, at, record, publicUrl, rename } = facts;
  const { title, message, hint } = wordsOf(facts);
  return {
    id: `${record?.run ?? stream}.${edge}${facts.late === null ? "" : `.${facts.late.slot}`}`,
    edge,
    stream,
    model,
    at,
    run: record?.run ?? null,
    generation: record?.generation ?? null,
    code: record?.error?.code ?? null,
    title,
    message: rename(message),
    hint: rename(hint),
    link: publicUrl === null || record === null ? null : `${publicUrl}/api/runs/${record.run}`,
  };
}

interface Words {
  readonly title: string;
  readonly message: string;
  readonly hint: string;
}

function wordsOf({ edge, stream, record, usualRows, late }: AlertFacts): Words {
  const show = record === null ? `sync status -m ${stream}` : `sync show ${record.run}`;
  const code = record?.error?.code ?? "INTERNAL";
  switch (edge) {
    case "failed":
      return { title: `${stream} failed: ${code}`, message: record?.error?.message ?? "", hint: `${hintOf(record)}\nLook: \`${show}\`` };
    case "held":
      return {
        title: `${stream} is held: ${code}`,
        message: record?.error?.message ?? "",
        hint: `Look: \`${show}\`\nRight after all? \`sync approve -m ${stream}\`   Wrong? \`sync reject -m ${stream}\``,
      };
    case "recovered":
      return { title: `${stream} works again`, message: deliveredText(record), hint: `Look: \`${show}\`` };
    case "late":
      return {
        title: `${stream} is late`,
        message: `Its slot of ${late?.slot ?? "-"} is not done, ${minutes(late?.lateMs ?? 0)} after it.`,
        hint: `Look: \`${show}\` and \`sync history -m ${stream}\``,
      };
    case "deviation":
      return {
        title: `${stream} has an unusual number of rows`,
        message: `The result has ${count(record?.counts?.current ?? 0)} rows; the runs before had about ${count(Math.round(median(usualRows)))}.`,
        hint: `The delta was delivered, for no guard held it. Look: \`${show}\``,
      };
  }
}

function hintOf(record: RunRecord | null): string {
  if (record?.error?.hint != null) return record.error.hint;
  const codes: Readonly<Record<string, { readonly action: string }>> = ERROR_CODES;
  return codes[record?.error?.code ?? "INTERNAL"]?.action ?? "";
}

function deliveredText(record: RunRecord | null): string {
  const { counts, generation } = record ?? {};
  if (record?.status !== "delivered" || counts == null) return "Its last run found nothing to deliver.";
  const { added, changed, removed } = counts;
  return `Generation ${generation ?? "-"}: ${count(added)} added, ${count(changed)} changed, ${count(removed)} removed.`;
}

function minutes(ms: number): string {
  const whole = Math.round(ms / 60_000);
  return whole >= 120 ? `${Math.round(whole / 60)} hours` : `${Math.max(1, whole)} min`;
}
