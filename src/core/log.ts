/** Events of a run for people and machines; `cli` decides how they look. Fields never hold row values or secrets. */
export interface Log {
  phase(event: PhaseEvent): void;
  /** `about`: the run that it happened in, where it is one's. */
  warn(message: string, about?: LoggedRun): void;
  /** That a run began or how it ended; absent where nobody reads that. */
  run?(event: RunEvent): void;
  /** Something that a service does between its runs; absent where nobody reads that. */
  note?(note: Note): void;
}

/** A line of a service's log: `text` for people, the rest for machines. */
export interface Note {
  readonly level: "info" | "warn" | "error";
  readonly event: string;
  readonly text: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Which run of which stream a line is about; on every line of it. */
export interface LoggedRun {
  readonly stream: string;
  readonly model: string;
  readonly run: string;
  /** The one that is delivered, or would be; null where it is not known. */
  readonly generation: number | null;
}

/** Phases of a run in the order in which they happen. */
export const PHASES = [
  "resume",
  "describe",
  "extract",
  "diff",
  "whole",
  "files",
  "plan",
  "deliver",
  "manifest",
  "snapshot",
  "copy",
] as const;
export type Phase = (typeof PHASES)[number];

/** The progress of one phase of one stream's run. */
export interface PhaseEvent extends LoggedRun {
  readonly phase: Phase;
  readonly state: "started" | "progress" | "done";
  /** What a person reads beside the phase, e.g. `1,212,132 rows`. */
  readonly detail?: string;
  readonly done?: number;
  readonly total?: number;
  /** How long the phase took, once it is done. */
  readonly ms?: number;
}

/** The beginning of a run, or its end with what came of it. */
export type RunEvent = LoggedRun &
  (
    | { readonly state: "started" }
    | {
        readonly state: "ended";
        /** As in its record. */
        readonly status: string;
        readonly startedAt: Date;
        readonly endedAt: Date;
        /** The error's code; null without one. */
        readonly code: string | null;
        /** null when nothing was compared. */
        readonly counts: { readonly rows: number; readonly added: number; readonly changed: number; readonly removed: number } | null;
      }
  );

/** Swallows everything; for tests and `--quiet`. */
export const silentLog: Log = { phase: () => undefined, warn: () => undefined };
