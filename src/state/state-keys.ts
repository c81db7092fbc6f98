/** Where each document of a stream lies, relative to the state root. */
export interface StateKeys {
  readonly stream: string;
  readonly currentPrefix: string;
  current(seq: number): string;
  readonly basePrefix: string;
  base(generation: number, run: string): string;
  readonly logPrefix: string;
  log(generation: number, run: string): string;
  readonly planPrefix: string;
  plan(generation: number): string;
  marksPrefix(generation: number): string;
  mark(generation: number, object: number): string;
  triesPrefix(generation: number, object: number): string;
  attempt(generation: number, object: number, attempt: string): string;
  foreign(generation: number, object: number): string;
  claimTried(place: string): string;
  claimConfirmed(place: string): string;
  readonly stagingPrefix: string;
  staging(run: string): string;
  readonly leasePrefix: string;
  lease(seq: number): string;
  readonly slotPrefix: string;
  slot(at: Date): string;
  readonly pausePrefix: string;
  pause(seq: number): string;
  readonly triggerPrefix: string;
  trigger(hash: string): string;
  readonly erasurePrefix: string;
  erasure(run: string): string;
  erased(run: string): string;
  readonly prunedPrefix: string;
  pruned(day: string): string;
}

/** Names of a stream's documents; they sort as they were made. */
export function stateKeys(stream: string): StateKeys {
  const plan = (generation: number): string => `${stream}/plans/${padded(generation, 6)}`;
  return {
    stream,
    currentPrefix: `${stream}/current/`,
    current: (seq) => `${stream}/current/${padded(seq, 8)}.json`,
    basePrefix: `${stream}/base/`,
    base: (generation, run) => `${stream}/base/${padded(generation, 6)}-${run}.parquet`,
    logPrefix: `${stream}/log/`,
    log: (generation, run) => `${stream}/log/${padded(generation, 6)}-${run}.parquet`,
    planPrefix: `${stream}/plans/`,
    plan: (generation) => `${plan(generation)}.json`,
    marksPrefix: (generation) => `${plan(generation)}.sent/`,
    mark: (generation, object) => `${plan(generation)}.sent/${object}`,
    triesPrefix: (generation, object) => `${plan(generation)}.try/${object}/`,
    attempt: (generation, object, attempt) => `${plan(generation)}.try/${object}/${attempt}`,
    foreign: (generation, object) => `${plan(generation)}.foreign/${object}`,
    claimTried: (place) => `${stream}/claims/${place}.tried.json`,
    claimConfirmed: (place) => `${stream}/claims/${place}.confirmed.json`,
    stagingPrefix: `${stream}/staging/`,
    staging: (run) => `${stream}/staging/${run}/`,
    leasePrefix: `${stream}/lease/`,
    lease: (seq) => `${stream}/lease/${padded(seq, 8)}.json`,
    slotPrefix: `${stream}/slots/`,
    slot: (at) => `${stream}/slots/${at.toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z.json`,
    pausePrefix: `${stream}/pauses/`,
    pause: (seq) => `${stream}/pauses/${padded(seq, 8)}.json`,
    triggerPrefix: `${stream}/triggers/`,
    trigger: (hash) => `${stream}/triggers/${hash}.json`,
    erasurePrefix: `${stream}/erasures/`,
    erasure: (run) => `${stream}/erasures/${run}.json`,
    erased: (run) => `${stream}/erasures/${run}.done`,
    prunedPrefix: `${stream}/pruned/`,
    pruned: (day) => `${stream}/pruned/${day}.json`,
  };
}

/** Folder of the run records of all streams. */
export const RUNS_PREFIX = "runs/";

function padded(number: number, digits: number): string {
  return String(number).padStart(digits, "0");
}

/** The number at the start of a key's last part, or null. */
export function numberOf(key: string): number | null {
  const digits = /^(\d+)/.exec(key.slice(key.lastIndexOf("/") + 1))?.[1];
  return digits === undefined ? null : Number(digits);
}
