import fc from "fast-check";
import { conditionsOf, histories, newModel, type Model } from "./commands.ts";
import { HistoryWorld, type Conditions } from "./history-world.ts";
import { settle } from "./settle.ts";

/** How a set of histories is drawn and bounded. */
export interface HistoryOptions {
  readonly histories: number;
  readonly seed?: number;
  readonly path?: string;
  readonly commands?: number;
  /** Folder that belongs to these histories alone. */
  readonly scratch: string;
  /** Told the number of histories that went well so far. */
  readonly progress?: (done: number) => void;
}

/** Runs random histories; what it throws tells seed, path and the shortest history that fails. */
export async function runHistories(options: HistoryOptions): Promise<void> {
  const { seed, path, scratch } = options;
  let done = 0;
  await fc.assert(
    fc.asyncProperty(conditionsOf(), histories(options.commands ?? 12), async (conditions, commands) => {
      await runHistory(scratch, conditions, commands);
      options.progress?.((done += 1));
    }),
    {
      numRuns: options.histories,
      ...(seed === undefined ? {} : { seed }),
      ...(path === undefined ? {} : { path }),
    },
  );
}

let worlds = 0;

async function runHistory(
  scratch: string,
  conditions: Conditions,
  commands: Iterable<fc.AsyncCommand<Model, HistoryWorld>>,
): Promise<void> {
  const world = new HistoryWorld(`${scratch}/${(worlds += 1)}`, conditions);
  const model = newModel();
  try {
    await fc.asyncModelRun(() => ({ model, real: world }), commands);
    await settle(world, model);
  } finally {
    await world.close();
  }
}
