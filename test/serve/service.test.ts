import { expect, test } from "vitest";
import { ConfigError } from "../../src/config/config-error.ts";
import type { Project } from "../../src/core/types.ts";
import { FileWatch } from "../../src/serve/file-watch.ts";
import type { ServiceEvent } from "../../src/serve/ports.ts";
import { Service, type LoadedService } from "../../src/serve/service.ts";
import { scheduled, serviceWorld } from "../support/service-world.ts";
import { tempFolder } from "../support/temp-folder.ts";

test("a changed configuration is taken on when it is whole, and told about when it is not", async () => {
  await using there = await serviceWorld();
  there.at.set({ a: "1" });
  const deps = there.at.host("one", { clock: there.clock });
  const loaded = (state: string, cron: string): LoadedService => {
    const project: Project = {
      root: there.at.folder.path,
      configFile: there.at.folder.at("config.yaml"),
      state: { type: "folder", path: state },
      engine: { memoryLimit: "1GB", threads: 1, tempDirectory: "", maxTempSize: "1GB" },
      streams: [scheduled(there.at.stream, { cron })],
      sources: [],
      destinations: [],
      alerts: [],
      serve: { host: "127.0.0.1", port: 8484, token: null, publicUrl: null },
    };
    return { project, warnings: [], watched: { files: [], folder: "" }, deps };
  };
  let load = (): LoadedService => loaded("state", "0 6 * * *");
  const stop = new AbortController();
  const service = new Service({
    clock: there.clock,
    jobs: 1,
    first: load(),
    load: () => Promise.resolve().then(() => load()),
    stop: stop.signal,
  });
  const events: ServiceEvent[] = [];
  const unsubscribe = service.events.subscribe((event) => events.push(event));
  service.events.subscribe(() => {
    throw new Error("a listener that fails hurts nobody");
  });
  service.start();
  const next = async (): Promise<string | undefined> => (await service.control.models(stop.signal))[0]?.next?.wall;
  expect(await next()).toBe("2026-03-02T06:00:00");

  load = () => {
    throw new ConfigError([
      {
        code: "CONFIG_INVALID",
        file: "models/users.yaml",
        line: 3,
        column: 1,
        length: 1,
        message: "it is wrong",
        hint: null,
        source: null,
      },
    ]);
  };
  await service.reload();
  expect(await next()).toBe("2026-03-02T06:00:00");
  load = () => loaded("elsewhere", "0 7 * * *");
  await service.reload();
  expect(await next()).toBe("2026-03-02T06:00:00");
  load = () => loaded("state", "0 8 * * *");
  await service.reload();
  expect(await next()).toBe("2026-03-02T08:00:00");

  await service.drain();
  const refusals = events.filter((event) => event.kind === "config_refused").map(({ error }) => `${error.code} ${error.message}`);
  expect(refusals).toEqual([
    expect.stringContaining("models/users.yaml:3:1 it is wrong"),
    expect.stringMatching(/^SERVICE_RESTART_NEEDED /),
  ]);
  expect(events.map(({ kind }) => kind)).toEqual([
    "service_started",
    "config_refused",
    "config_refused",
    "config_reloaded",
    "service_draining",
    "service_stopped",
  ]);
  unsubscribe();
});

test("a file that changes, comes or goes is seen once all is saved, and only once", async () => {
  await using folder = await tempFolder();
  await folder.write("config.yaml", "one");
  await folder.write("models/a.yaml", "a");
  const watch = new FileWatch({ files: [folder.at("config.yaml"), folder.at(".env")], folder: folder.at("models") });
  const looks = async (count: number): Promise<readonly boolean[]> => {
    const seen: boolean[] = [];
    for (let at = 0; at < count; at += 1) seen.push(await watch.look());
    return seen;
  };
  expect(await looks(2)).toEqual([false, false]);
  await folder.write("models/b.yaml", "b");
  expect(await looks(3)).toEqual([false, true, false]);
  await folder.write(".env", "X=1");
  expect(await watch.look()).toBe(false);
  await folder.write("config.yaml", "three");
  expect(await looks(3)).toEqual([false, true, false]);
  await folder.write("models/notes.txt", "no model");
  expect(await looks(2)).toEqual([false, false]);
});
