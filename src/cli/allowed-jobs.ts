/**
 * How many streams may run at a time, of those that were asked for. A run keeps one thread of Node's pool busy while it queries, and needs
 * another for its files; Node fixes the pool's size at its start.
 */
export function allowedJobs(asked: number, poolSize: string | undefined, warn: (message: string) => void): number {
  const most = Math.max(1, (Number(poolSize ?? "4") || 4) - 1);
  if (asked <= most) return Math.max(1, asked);
  warn(`--jobs ${asked}: ${most} streams run at a time. For ${asked}, set UV_THREADPOOL_SIZE=${asked + 1} in the environment.`);
  return most;
}
