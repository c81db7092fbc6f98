import { FAULTS, type Generation, IDLE, type Process, type State } from "./state.ts";
import { STEP_NAMES, type Step } from "./steps.ts";

const STEP_CODES = Object.fromEntries(STEP_NAMES.map((name, at) => [name, at])) as Readonly<Record<Step, number>>;
const STAGING = { gone: 0, good: 1, damaged: 2 } as const;
const ENDS = { open: 0, promoted: 1, given_up: 2 } as const;
const DECISIONS = { none: 0, approved: 1, rejected: 2 } as const;

/** A state as a short text: equal states, and no others, have equal texts. */
export function encodeState(state: State): string {
  const { told, generations, hosts, held, claim, left } = state;
  const codes: number[] = [
    told === null ? 0 : 1 + told.generation,
    told === null ? 0 : (told.table << 4) | told.uncertain,
    (state.seen << 8) | state.seenWhole,
    (claim.place << 2) | claim.record,
    held === null ? 0 : 1 + ((held.generation << 9) | (held.delta << 3) | (DECISIONS[held.decision] << 1) | Number(held.staged)),
  ];
  let faults = 0;
  for (const fault of FAULTS) faults = faults * 4 + left[fault];
  codes.push(faults);
  for (const host of hosts) codes.push(...hostCodes(host));
  for (const each of generations) pushGeneration(codes, each);
  return String.fromCharCode(...codes);
}

/** Two numbers that stand for a process; also its place in the order of the two. */
function hostCodes({ step, behind, generation, delta, uncertain, object, own, flags }: Process): readonly [number, number] {
  return [
    (STEP_CODES[step] << 11) | (behind << 9) | (generation << 5) | ((object + 1) << 2) | (own ? 1 : 0),
    (flags << 9) | (delta << 3) | uncertain,
  ];
}

function pushGeneration(codes: number[], { number, delta, staging, owner, end, things }: Generation): void {
  codes.push((number << 12) | (delta << 6) | (STAGING[staging] << 4) | ((owner + 1) << 2) | ENDS[end]);
  for (const { content, present, marked, attempts, foreign } of things)
    codes.push(((content + 1) << 6) | (present << 4) | (Number(marked) << 3) | (attempts << 1) | Number(foreign));
}

/**
 * The same state for the search: closed generations that no host works on are folded into what consumers hold, and the two hosts, which
 * are alike, stand in one order. `swapped`: they changed places.
 */
export function normalized(state: State, keys: number): { readonly state: State; readonly swapped: boolean } {
  const isBusy = (number: number): boolean => state.hosts.some((host) => isWorking(host) && host.generation === number);
  let { seen, seenWhole, generations } = state;
  for (let first = generations[0]; first !== undefined && state.told !== null; first = generations[0]) {
    if (first.number > state.told.generation || isBusy(first.number)) break;
    seen = applied(seen, first, keys, false);
    seenWhole = applied(seenWhole, first, keys, true);
    generations = generations.slice(1);
  }
  const [a, b] = state.hosts;
  const swapped = isAfter(hostCodes(a), hostCodes(b));
  if (generations.some(({ owner }) => owner >= 0)) {
    generations = generations.map((each) => {
      const owner = each.owner >= 0 && isWaitingForPlan(state.hosts[each.owner] ?? IDLE, each.number) ? each.owner : -1;
      return { ...each, owner: owner >= 0 && swapped ? 1 - owner : owner };
    });
  }
  // Most moves change neither: the state is then as it should be.
  if (!swapped && generations === state.generations) return { state, swapped };
  return { state: { ...state, seen, seenWhole, generations, hosts: swapped ? [b, a] : [a, b] }, swapped };
}

function isWorking({ step }: Process): boolean {
  return step !== "idle" && step !== "stopped";
}

/** Only a host that does not know whether its plan was created still asks whose it is. */
function isWaitingForPlan(host: Process, number: number): boolean {
  return host.step === "reread-plan" && host.generation === number;
}

function isAfter(left: readonly [number, number], right: readonly [number, number]): boolean {
  return left[0] === right[0] ? left[1] > right[1] : left[0] > right[0];
}

function applied(table: number, { delta, things }: Generation, keys: number, byManifest: boolean): number {
  if (byManifest && things[keys]?.content === -1) return table;
  let result = 0;
  for (let key = 0; key < keys; key += 1) {
    const before = (table >> (2 * key)) & 3;
    const told = byManifest ? (delta >> (2 * key)) & 3 : (things[key]?.content ?? -1) + 1;
    result |= (told || before) << (2 * key);
  }
  return result;
}
