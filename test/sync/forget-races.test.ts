import { expect, test } from "vitest";
import type { ObjectStore } from "../../src/core/ports.ts";
import { verifyStream } from "../../src/sync/verify-stream.ts";
import { consume } from "../support/consumer.ts";
import { deliverPerson, forgetStory, others, PERSON } from "../support/forget-story.ts";
import { filesThatHold } from "../support/person-search.ts";
import { tempFolder } from "../support/temp-folder.ts";

const never = new AbortController().signal;

/** A store that lets something else happen before its nth change. */
function interruptedStore(store: ObjectStore, nth: number, meanwhile: () => Promise<void>): ObjectStore {
  let changes = 0;
  const before = async (): Promise<void> => {
    changes += 1;
    if (changes === nth) await meanwhile();
  };
  return {
    place: store.place,
    head: (key, signal) => store.head(key, signal),
    get: (key, signal) => store.get(key, signal),
    list: (prefix, signal) => store.list(prefix, signal),
    putNew: async (key, body, facts, signal) => {
      await before();
      return await store.putNew(key, body, facts, signal);
    },
    replace: (key, body, facts, signal) => store.replace(key, body, facts, signal),
    delete: async (key, signal) => {
      await before();
      await store.delete(key, signal);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
    ...(store.pathOf === undefined ? {} : { pathOf: store.pathOf }),
  };
}

test.each([2, 11, 18, 27])(
  "a run of another host before change %i of an erasure neither loses a row nor brings the person back",
  async (nth) => {
    await using folder = await tempFolder();
    const story = forgetStory(folder);
    await deliverPerson(story);
    const { deps, stream } = story;
    const other = { ...deps, owner: { ...deps.owner, pid: 2, isRunning: () => false } };
    const meanwhile = async (): Promise<void> => {
      expect((await story.run(others(6), other)).error).toBeNull();
    };
    const mine = { ...deps, owner: { ...deps.owner, pid: 3, isRunning: () => false } };
    const { result } = await story.forget({}, { ...mine, state: interruptedStore(deps.state, nth, meanwhile) });
    expect(result.error).toBeNull();
    const last = { ...deps, owner: { ...deps.owner, pid: 4, isRunning: () => false } };
    expect((await story.run(others(7), last)).error).toBeNull();
    expect(await filesThatHold(deps, [folder.at("state")], Object.values(PERSON))).toEqual([]);
    expect(await verifyStream(last, stream, { generation: null, last: 10 }, never)).toMatchObject({ fold: { status: "same", broken: [] } });
    const held = await consume(folder.at("out"), stream.name);
    expect(Object.fromEntries([...held].map(([id, columns]) => [id, columns.join()]))).toEqual(Object.fromEntries(others(7)));
  },
);
