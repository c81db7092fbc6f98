import { SyncError } from "../../core/errors.ts";
import { nearestName } from "../../core/nearest-name.ts";
import { counted } from "../../core/readable.ts";
import { openEngine } from "../../engine/open-engine.ts";
import { openSource } from "../../sources/open-source.ts";
import { runParts } from "../../sync/run-parts.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { checkAlerts } from "../doctor/check-alerts.ts";
import { checkDestination } from "../doctor/check-destination.ts";
import { checkSources } from "../doctor/check-sources.ts";
import { checkState } from "../doctor/check-state.ts";
import { DOCTOR_AREAS, type DoctorArea, fine, type Finding } from "../doctor/finding.ts";
import { type OpenedProject, openProject } from "../open-project.ts";
import { doctorReport } from "../render/doctor-report.ts";
import type { StreamChoice } from "../stream-choice.ts";

/** What `sync doctor` was asked for. */
export interface DoctorOptions {
  readonly choice: StreamChoice;
  /** Areas to look at; none = all. */
  readonly only: readonly string[];
}

/** Tries, online, everything that a run will need, and tells of each failure what to do. */
export async function examineProject(options: DoctorOptions, context: CommandContext): Promise<CommandOutcome> {
  const only = chosenAreas(options.only);
  const opened = await openProject(options.choice, "all", context);
  const findings: Finding[] = [];
  for await (const finding of examine(opened, options.choice, only, context)) findings.push(finding);
  const error = verdict(findings);
  return {
    warnings: opened.warnings,
    data: { checks: findings },
    text: doctorReport(findings, context.paint),
    ...(error === null ? {} : { error }),
  };
}

async function* examine(
  opened: OpenedProject,
  choice: StreamChoice,
  only: ReadonlySet<DoctorArea>,
  { host, globals, signal }: CommandContext,
): AsyncGenerator<Finding> {
  const { project, streams, warnings } = opened;
  const config = { area: "config", subject: globals.configFile, check: "load" } as const;
  if (only.has("config")) yield fine(config, `${counted(project.streams.length, "stream")}, ${counted(warnings.length, "warning")}`);
  const everything = choice.models.length === 0 && choice.select.length === 0 && choice.exclude.length === 0;
  const used = <T extends { readonly name: string }>(
    all: readonly T[],
    nameOf: (stream: OpenedProject["streams"][number]) => string,
  ): readonly T[] => all.filter(({ name }) => everything || streams.some((stream) => nameOf(stream) === name));
  if (only.has("source")) {
    const deps = {
      parts: runParts,
      openEngine: (stop: AbortSignal) => openEngine(project.engine, stop),
      openSource: (...[spec, opening, stop]: Parameters<SourceOpener>) =>
        openSource(spec, { ...opening, folder: project.root, scratch: project.engine.tempDirectory }, stop),
    };
    yield* checkSources(
      deps,
      used(project.sources, (stream) => stream.source.name),
      streams,
      signal,
    );
  }
  if (only.has("state") || only.has("clock")) yield* checkState(project.state, streams, only, host.clock, signal);
  for (const spec of used(project.destinations, (stream) => stream.destination.name))
    yield* checkDestination(spec, only, host.clock, signal);
  if (only.has("alerts")) {
    const sinks = project.alerts.filter(({ name }) => everything || streams.some(({ alerts }) => alerts.includes(name)));
    yield* checkAlerts(sinks, only.size < DOCTOR_AREAS.length, host.clock, signal);
  }
}

type SourceOpener = Parameters<typeof checkSources>[0]["openSource"];

function chosenAreas(only: readonly string[]): ReadonlySet<DoctorArea> {
  for (const word of only) {
    if ((DOCTOR_AREAS as readonly string[]).includes(word)) continue;
    const near = nearestName(word, DOCTOR_AREAS);
    throw new SyncError("USAGE", `--only does not know "${word}".`, {
      hint: near === null ? `It takes ${DOCTOR_AREAS.join(", ")}.` : `Did you mean ${near}?`,
    });
  }
  return new Set(DOCTOR_AREAS.filter((area) => only.length === 0 || only.includes(area)));
}

const VERDICTS = {
  state: "DOCTOR_STATE",
  source: "DOCTOR_SOURCE",
  destination: "DOCTOR_DESTINATION",
  clock: "DOCTOR_DESTINATION",
  alerts: "DOCTOR_ALERTS",
} as const;

/** The command's own error: of the failures the one that keeps most from working names the exit code. */
function verdict(findings: readonly Finding[]): SyncError | null {
  const failed = findings.filter(({ status }) => status === "fail");
  const worst = (["state", "source", "destination", "clock", "alerts"] as const).find((area) =>
    failed.some((finding) => finding.area === area),
  );
  if (worst === undefined) return null;
  const code = VERDICTS[worst];
  const names = failed.map(({ subject, check, code: cause }) => `${subject} ${check}${cause === null ? "" : ` (${cause})`}`).join(", ");
  return new SyncError(code, `${failed.length} of ${counted(findings.length, "check")} failed: ${names}.`, {
    hint: "Mend what is marked FAIL, from the top, then `sync doctor` again.",
    context: { failed: failed.map(({ area, subject, check }) => `${area} ${subject} ${check}`) },
  });
}
