import type { DeltaCounts } from "../core/delta.ts";
import type { ErrorCode } from "../core/error-codes.ts";
import type { GuardLimit, Guards } from "../core/guards.ts";
import { count } from "../core/readable.ts";
import { AUDIENCE_COLUMN, type OnSchemaChange } from "../core/types.ts";
import type { ValueTally } from "../diffing/count-by-value.ts";
import type { SchemaChanges } from "./schema-changes.ts";

/** What a person allowed before the run. */
export interface Answers {
  /** So many rows may be removed, whatever max_removed says. */
  readonly allowRemovals: number | null;
  readonly acceptSchemaChange: boolean;
  /** The destination holds what was told, although the configuration names it, the source or the mode otherwise now. */
  readonly sameDestination: boolean;
}

/** Nothing was allowed before the run. */
export const NO_ANSWERS: Answers = { allowRemovals: null, acceptSchemaChange: false, sameDestination: false };

/** One guard and what it found. */
export interface GuardCheck {
  readonly guard: "max_removed" | "max_changed" | "max_added" | "min_rows" | "on_schema_change";
  readonly ok: boolean;
  readonly text: string;
}

/** What the guards say of a delta; held when one of them is not ok. */
export interface Verdict {
  readonly checks: readonly GuardCheck[];
  /** What of the columns changed and what follows from that; null when nothing did. */
  readonly schema: { readonly differences: readonly string[]; readonly effect: OnSchemaChange | "accepted" } | null;
}

/** What is judged. */
export interface Judged {
  readonly counts: DeltaCounts;
  /** Rows told before; null where nothing was. */
  readonly told: bigint | null;
  /** Rows that are no longer there although nobody is told so (mode full). */
  readonly vanished: bigint;
  readonly tells: boolean;
  readonly schema: SchemaChanges | null;
  readonly perValue: readonly { readonly column: string; readonly tallies: readonly ValueTally[] }[];
}

const CODES = {
  max_removed: "GUARD_REMOVED",
  max_changed: "GUARD_CHANGED",
  max_added: "GUARD_ADDED",
  min_rows: "GUARD_MIN_ROWS",
  on_schema_change: "SCHEMA_CHANGED",
} as const satisfies Record<GuardCheck["guard"], ErrorCode>;

/** The error code of a guard that is not ok. */
export function guardCode(guard: GuardCheck["guard"]): ErrorCode {
  return CODES[guard];
}

/** Looks at a delta with the eyes of each guard. */
export function judgeDelta(guards: Guards | null, onSchemaChange: OnSchemaChange, judged: Judged, answers: Answers): Verdict {
  const checks: GuardCheck[] = [];
  if (guards !== null) {
    const { counts, told, vanished } = judged;
    const totals = { told: Number(told ?? 0n), added: Number(counts.added), changed: Number(counts.changed) };
    checks.push(...limits(guards, { ...totals, removed: Number(counts.removed + vanished) }, answers, ""));
    checks.push(minimum(guards, judged));
    for (const { column, tallies } of judged.perValue) checks.push(...perValue(guards, column, tallies, judged.tells, answers));
  }
  const schema = schemaVerdict(onSchemaChange, judged, answers);
  if (schema !== null) checks.push(schema.check);
  return { checks, schema: schema?.told ?? null };
}

type Tally = Omit<ValueTally, "value">;

function limits(guards: Guards, tally: Tally, answers: Answers, where: string): readonly GuardCheck[] {
  const check = (
    guard: GuardCheck["guard"],
    word: string,
    rows: number,
    limit: GuardLimit | null,
    allowed: boolean,
  ): readonly GuardCheck[] => {
    if (limit === null || tally.told === 0) return [];
    const ok = allowed || within(rows, tally.told, limit, guards.aboveRows);
    return [
      {
        guard,
        ok,
        text: `${word} ${count(rows)} of ${count(tally.told)} rows${share(rows, tally.told)}${where}, ${limitText(guard, limit)}`,
      },
    ];
  };
  const mayRemove = answers.allowRemovals !== null && tally.removed <= answers.allowRemovals;
  return [
    ...check("max_removed", "removed", tally.removed, guards.maxRemoved, mayRemove),
    ...check("max_changed", "changed", tally.changed, guards.maxChanged, false),
    ...check("max_added", "added", tally.added, guards.maxAdded, false),
  ];
}

function within(rows: number, told: number, limit: GuardLimit, aboveRows: number): boolean {
  if ("rows" in limit) return rows <= limit.rows;
  return told < aboveRows || rows * 100 <= limit.percent * told;
}

function share(rows: number, told: number): string {
  return ` (${((rows * 100) / told).toFixed(1)} %)`;
}

function limitText(guard: GuardCheck["guard"], limit: GuardLimit): string {
  return `${guard} is ${"rows" in limit ? count(limit.rows) : `${limit.percent} %`}`;
}

/** A result that tells nothing is no danger, but for a first one: that would be delivered as the table it is. */
function minimum(guards: Guards, { counts, told, tells }: Judged): GuardCheck {
  const ok = counts.current >= BigInt(guards.minRows) || !(tells || told === null);
  return { guard: "min_rows", ok, text: `the result has ${count(counts.current)} rows, min_rows is ${count(guards.minRows)}` };
}

/** Only what is not ok, for there can be very many values. A value of the data is no word for a log; an audience's name is configuration. */
function perValue(guards: Guards, column: string, tallies: readonly ValueTally[], tells: boolean, answers: Answers): readonly GuardCheck[] {
  const found = tallies.flatMap((tally) => {
    const where = ` where ${column} is ${column === AUDIENCE_COLUMN ? (tally.value ?? "NULL") : "one of its values"}`;
    const left = tally.told + tally.added - tally.removed;
    const tooFew = tells && tally.told > 0 && left < guards.minRows;
    const few = `${count(left)} rows are left${where}, min_rows is ${count(guards.minRows)}`;
    return [
      ...limits(guards, tally, answers, where).filter(({ ok }) => !ok),
      ...(tooFew ? [{ guard: "min_rows", ok: false, text: few } as const] : []),
    ];
  });
  const [first] = found;
  return first === undefined || found.length <= SHOWN
    ? found
    : [...found.slice(0, SHOWN), { ...first, text: `${found.length - SHOWN} more of ${column}` }];
}

const SHOWN = 5;

function schemaVerdict(
  onSchemaChange: OnSchemaChange,
  { schema, tells }: Judged,
  answers: Answers,
): { readonly check: GuardCheck; readonly told: Verdict["schema"] } | null {
  if (schema === null) return null;
  const effect = answers.acceptSchemaChange && onSchemaChange === "hold" ? "accepted" : onSchemaChange;
  // Another way to the very same rows is nothing that anybody would notice.
  const ok = effect !== "hold" || !(tells || schema.headerDiffers);
  const text = schema.differences.slice(0, 2 * SHOWN).join("; ");
  return { check: { guard: "on_schema_change", ok, text }, told: { differences: schema.differences, effect } };
}
