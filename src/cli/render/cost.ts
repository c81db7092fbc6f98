import type { Estimate } from "../../core/ports.ts";
import { bytes } from "../../core/readable.ts";

/** What a query reads each time that it runs, and the price where a rate is configured: `1.2 GB a run, about 0.01`. */
export function costText(estimate: { readonly bytes: number | bigint } & Omit<Estimate, "bytes">): string {
  const bound = estimate.accuracy === "upper_bound" ? "at most " : "";
  const price = estimate.price === null ? "" : `, about ${estimate.price} (price_per_tib)`;
  return `${bound}${bytes(Number(estimate.bytes))} a run${price}`;
}
