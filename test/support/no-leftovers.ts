import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect } from "vitest";

/** Resources that keep a process alive and that somebody has to close: servers, sockets, pipes, child processes. */
const WATCHED = new Set(["TCPServerWrap", "TCPSocketWrap", "TLSWrap", "PipeServerWrap", "PipeWrap", "ProcessWrap", "FSEventWrap"]);
const GRACE_MS = 2000;

const open = (): string[] =>
  process
    .getActiveResourcesInfo()
    .filter((name) => WATCHED.has(name))
    .toSorted();
const before = open();

// Whoever opens a resource disposes it: a test file that leaves one behind fails.
afterAll(async () => {
  const deadline = performance.now() + GRACE_MS;
  while (open().length > before.length && performance.now() < deadline) await sleep(20);
  if (open().length > before.length) expect(open(), "left open when the file's last test had ended").toEqual(before);
});
