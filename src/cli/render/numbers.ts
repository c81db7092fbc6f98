/** A length of time: `41.8 s`, `2m 11s`, `1h 05m`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h ${pad(Math.floor((seconds % 3600) / 60))}m`;
}

/** How long ago an instant was: `just now`, `6 min ago`, `3 d ago`. */
export function ago(then: string, now: Date): string {
  const seconds = Math.floor((now.getTime() - Date.parse(then)) / 1000);
  if (Number.isNaN(seconds)) return then;
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** A share of a whole with two decimals, or nothing where there is no whole. */
export function share(part: bigint, whole: bigint): string {
  if (whole <= 0n) return "";
  const hundredths = (part * 10_000n + whole / 2n) / whole;
  return `${(Number(hundredths) / 100).toFixed(2)} %`;
}

/** An instant to the minute, UTC: `2026-11-23 05:00`. */
export function minute(instant: string): string {
  return instant.slice(0, 16).replace("T", " ");
}

/** An instant to the second, UTC: `2026-11-23 05:00:07`. */
export function second(instant: string): string {
  return instant.slice(0, 19).replace("T", " ");
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
