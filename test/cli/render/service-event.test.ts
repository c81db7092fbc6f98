import { expect, test } from "vitest";
import { eventNote } from "../../../src/cli/render/service-event.ts";
import { silentLog } from "../../../src/core/log.ts";
import { RunReport } from "../../../src/sync/run-report.ts";
import { steppingClock } from "../../support/fake-host.ts";

test("the line of a run that ended names stream, model, run and generation, and not the whole record", () => {
  const clock = steppingClock();
  const record = new RunReport({ clock, log: silentLog }, "users.acme", "RUN", null).ended("unchanged");
  const facts = { stream: "users.acme", run: "RUN", trigger: "schedule", slot: null, attempt: 1, lagMs: null } as const;
  const note = eventNote({ kind: "run_finished", at: clock.now(), ...facts, record, error: null, retryAt: null });
  expect(note).toMatchObject({
    level: "info",
    event: "run.finished",
    facts: { stream: "users.acme", model: "users", run: "RUN", status: "unchanged", generation: null },
  });
  expect(JSON.stringify(note.facts)).not.toContain("phases");
});
