import { hostname, userInfo } from "node:os";
import type { Host } from "./host.ts";

/** Who types commands on this machine, as records name them. */
export function personAt(host: Host): string {
  return `${host.env["USER"] ?? userInfo().username}@${hostname()}`;
}
