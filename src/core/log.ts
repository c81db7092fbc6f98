/** Events of a run for people and machines; `cli` decides how they look. Fields never hold row values or secrets. */
export interface Log {
  phase(event: PhaseEvent): void;
  warn(message: string): void;
}

/** Phases of a run in the order in which they happen. */
export const PHASES = ["resume", "describe", "extract", "diff", "files", "plan", "deliver", "manifest", "snapshot"] as const;
export type Phase = (typeof PHASES)[number];

/** The progress of one phase of one stream's run. */
export interface PhaseEvent {
  readonly stream: string;
  readonly run: string;
  readonly phase: Phase;
  readonly state: "started" | "progress" | "done";
  /** What a person reads beside the phase, e.g. `1,212,132 rows`. */
  readonly detail?: string;
  readonly done?: number;
  readonly total?: number;
}

/** Swallows everything; for tests and `--quiet`. */
export const silentLog: Log = { phase: () => undefined, warn: () => undefined };
