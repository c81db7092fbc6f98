import { expect, test } from "vitest";
import { buildApi } from "../../../src/serve/http/build-api.ts";
import { listen } from "../../../src/serve/http/listen.ts";
import { SchedulerControl } from "../../../src/serve/service-control.ts";
import { type ServingHost, serviceWorld } from "../../support/service-world.ts";

const signal = new AbortController().signal;
const metrics = { text: async () => await Promise.resolve(""), contentType: "text/plain" };

interface Started {
  readonly data: { readonly runs: readonly { readonly run_id: string; readonly repeated: boolean }[] };
}

test("fifty posts with one key, to two hosts at once and again after a restart, start one run", async () => {
  await using world = await serviceWorld();
  world.at.set({ a: "1" });
  const listening = async (host: ServingHost) => {
    const control = new SchedulerControl(host.scheduler, world.clock, signal);
    return await listen(buildApi({ control, metrics, token: null, signal, failed: () => undefined }), { host: "127.0.0.1", port: 0 });
  };
  const hosts = [world.serve("one"), world.serve("two")];
  await using one = await listening(hosts[0] as ServingHost);
  await using two = await listening(hosts[1] as ServingHost);
  const post = async (url: string): Promise<Started["data"]["runs"][number] | undefined> => {
    const headers = { "content-type": "application/json", "idempotency-key": "airflow-2026-03-02" };
    const response = await fetch(`${url}/api/models/users/runs`, { method: "POST", headers, body: "{}" });
    expect(response.status).toBe(202);
    return ((await response.json()) as Started).data.runs[0];
  };
  const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => post(at % 2 === 0 ? one.url : two.url)));
  expect(new Set(answers.map((run) => run?.run_id)).size).toBe(1);
  expect(answers.filter((run) => run?.repeated === false)).toHaveLength(1);
  await Promise.all(hosts.map(({ scheduler }) => scheduler.idle()));
  const restarted = world.serve("one again");
  await using again = await listening(restarted);
  expect(await post(again.url)).toMatchObject({ run_id: answers[0]?.run_id, repeated: true });
  await restarted.scheduler.idle();
  expect((await world.records()).map(({ run }) => run)).toEqual([answers[0]?.run_id]);
});
