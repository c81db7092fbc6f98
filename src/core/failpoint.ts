/**
 * Named points of a run at which a test can stop the process. Off unless `armFailpoint` was called
 * (the command line does so when SPILLWAY_FAILPOINT names one).
 */
export const FAILPOINTS = [
  "opened",
  "claim.put",
  "claim.confirmed",
  "lease.taken",
  "extract.done",
  "stage.files-written",
  "stage.uploaded",
  "hold.before-held",
  "plan.created",
  "deliver.before-put",
  "deliver.after-put",
  "deliver.marked",
  "manifest.after-put",
  "manifest.marked",
  "promote.before-swap",
  "promote.after-swap",
  "cleanup.done",
  "fold.written",
  "fold.swapped",
  "refresh.swapped",
  "copy.marked",
] as const;
export type Failpoint = (typeof FAILPOINTS)[number];

type Handler = (name: Failpoint) => void | Promise<void>;

let handler: Handler | null = null;

/** Installs what happens at every failpoint of this process; null switches them off. */
export function armFailpoints(next: Handler | null): void {
  handler = next;
}

/** Marks a crash window of the protocol. Costs nothing when no handler is installed. */
export async function failpoint(name: Failpoint): Promise<void> {
  if (handler !== null) await handler(name);
}
