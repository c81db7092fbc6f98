import type { Clock } from "../../core/clock.ts";
import type { ObjectStore } from "../../core/ports.ts";
import type { StateSpec, Stream } from "../../core/types.ts";
import type { S3Options } from "../../s3/s3-options.ts";
import { readCurrent } from "../../state/current.ts";
import { openState } from "../open-state.ts";
import { newRunId } from "../run-id.ts";
import { asStateFinding } from "./as-state-finding.ts";
import { checkS3 } from "./check-s3.ts";
import { checkSpace, checkStore } from "./check-store.ts";
import { attempt, type DoctorArea, fine, type Finding, skipped } from "./finding.ts";

/** Tries everything that a state root has to do, and reads CURRENT of each stream. */
export async function* checkState(
  spec: StateSpec,
  streams: readonly Stream[],
  only: ReadonlySet<DoctorArea>,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  const subject = stateName(spec);
  let usable = true;
  if (spec.type === "s3") {
    // The configuration's schema made the options.
    const options = spec.options as S3Options;
    for await (const found of checkS3({ area: "state", subject, options }, only, clock, signal)) {
      const finding = asStateFinding(found);
      usable &&= finding.status !== "fail";
      yield finding;
    }
  }
  if (!only.has("state")) return;
  const store = { area: "state", subject, check: "store" } as const;
  if (!usable) {
    yield skipped(store, "needs what failed above");
    return;
  }
  const opened: ObjectStore[] = [];
  const probe = await attempt(store, async () => {
    const state = await openState(spec, signal);
    opened.push(state);
    return await checkStore(store, state, { clock, key: `_spillway/doctor-${newRunId(clock)}` }, signal);
  });
  yield probe;
  if (spec.type === "folder" && probe.status !== "fail") yield await checkSpace({ ...store, check: "space" }, spec.path);
  for (const state of opened) {
    if (probe.status !== "fail") yield* checkCurrents(state, subject, streams, signal);
    await state[Symbol.asyncDispose]();
  }
}

async function* checkCurrents(
  state: ObjectStore,
  subject: string,
  streams: readonly Stream[],
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  for (const stream of streams) {
    const name = { area: "state", subject, check: stream.name } as const;
    yield await attempt(name, async () => {
      const current = await readCurrent(state, stream.name, signal);
      return fine(name, current === null ? "nothing delivered yet" : `gen ${current.generation} · ${current.at}`);
    });
  }
}

function stateName(spec: StateSpec): string {
  if (spec.type === "folder") return spec.path;
  const { bucket, prefix } = spec.options as S3Options;
  return `s3://${[bucket, prefix].filter((part) => part !== "").join("/")}`;
}
