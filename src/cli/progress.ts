import type { Clock } from "../core/clock.ts";
import type { Log, Note, PhaseEvent } from "../core/log.ts";
import type { Sink } from "./host.ts";
import type { Paint } from "./paint.ts";
import { duration } from "./render/numbers.ts";

/** What the progress lines of one command need. */
export interface ProgressOptions {
  readonly sink: Sink;
  readonly paint: Paint;
  readonly clock: Clock;
  /** Draws lines that change; otherwise each phase is told once, when it is done. */
  readonly live: boolean;
}

/** A log for people, to be closed when the command ends so that no live line is left behind. */
export interface Progress extends Log {
  close(): void;
}

const ERASE_LINE = "\u001b[2K";
const LINE_UP = "\u001b[1A";
const BAR_WIDTH = 20;
const REDRAW_MS = 80;

/** Tells the phases of runs: one line per finished phase, and on a terminal a live line per stream below them. */
export function makeProgress({ sink, paint, clock, live }: ProgressOptions): Progress {
  const started = new Map<string, number>();
  const running = new Map<string, PhaseEvent>();
  let current = "";
  let drawn = 0;
  let drawnAt = 0;

  const erase = (): string => {
    const lines = drawn;
    drawn = 0;
    return lines === 0 ? "" : `\r${ERASE_LINE}${`${LINE_UP}${ERASE_LINE}`.repeat(lines - 1)}\r`;
  };
  const draw = (): string => {
    if (!live || running.size === 0) return "";
    drawn = running.size;
    drawnAt = clock.now().getTime();
    return [...running.values()].map((event) => fit(liveLine(event), sink.columns ?? 80)).join("\n");
  };
  const print = (line: string): void => sink.write(`${erase()}${line}\n${draw()}`);
  // Where runs take turns, each line stands below the name of its own.
  const announce = (event: PhaseEvent): void => {
    if (current === event.run) return;
    current = event.run;
    print(`${paint.strong(event.stream)}  run ${event.run}`);
  };

  return {
    phase(event) {
      const took = timePhase(started, event, clock);
      if (event.state === "done") {
        running.delete(event.run);
        announce(event);
        print(doneLine(event, took, paint));
        return;
      }
      forgetFailed(event, running, started);
      if (running.size === 0) announce(event);
      const known = running.has(event.run);
      running.set(event.run, event);
      if (!live) return;
      const due = clock.now().getTime() - drawnAt >= REDRAW_MS;
      if (event.state === "started" || due || !known) sink.write(`${erase()}${draw()}`);
    },
    note: (note) => print(noteLine(note, clock.now(), paint)),
    warn(message) {
      print(`${paint.warning("warning")}  ${message}`);
    },
    close() {
      running.clear();
      if (drawn > 0) sink.write(erase());
    },
  };
}

/** Notes when a phase began, and answers how long ago that was; a phase that is done is forgotten. */
function timePhase(started: Map<string, number>, { run, phase, state }: PhaseEvent, clock: Clock): number {
  const key = `${run} ${phase}`;
  const began = started.get(key);
  if (began === undefined) started.set(key, clock.now().getTime());
  if (state !== "done") return 0;
  started.delete(key);
  return began === undefined ? 0 : clock.now().getTime() - began;
}

/** A run that failed ended no phase; the next one of its stream shows that it is over. */
function forgetFailed(event: PhaseEvent, running: Map<string, PhaseEvent>, started: Map<string, number>): void {
  for (const { stream, run, phase } of running.values()) {
    if (stream !== event.stream || run === event.run) continue;
    running.delete(run);
    started.delete(`${run} ${phase}`);
  }
}

function noteLine({ level, text }: Note, now: Date, paint: Paint): string {
  const told = { info: text, warn: paint.warning(text), error: paint.bad(text) }[level];
  return `${paint.faint(`${now.toISOString().slice(0, 19)}Z`)}  ${told}`;
}

function doneLine(event: PhaseEvent, took: number, paint: Paint): string {
  const detail = (event.detail ?? "").padEnd(56);
  return `  ${paint.good("ok")}  ${event.phase.padEnd(9)}  ${detail}  ${duration(took).padStart(7)}`;
}

function liveLine(event: PhaseEvent): string {
  const parts = [`  >>  ${event.stream}  ${event.phase}`];
  if (event.done !== undefined && event.total !== undefined && event.total > 0) {
    const filled = Math.min(BAR_WIDTH, Math.floor((event.done / event.total) * BAR_WIDTH));
    parts.push(`[${"#".repeat(filled)}${"-".repeat(BAR_WIDTH - filled)}]`);
  }
  if (event.detail !== undefined) parts.push(event.detail);
  return parts.join("  ");
}

function fit(line: string, columns: number): string {
  return line.length < columns ? line : line.slice(0, Math.max(0, columns - 1));
}
