import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { Secret } from "../../../src/core/secret.ts";
import { listen, requestToken } from "../../../src/serve/http/listen.ts";

const signal = new AbortController().signal;

describe("the token", () => {
  test.each(["127.0.0.1", "localhost", "::1", "127.8.9.10"])("is not needed on %s", async (host) => {
    expect(await requestToken({ host, token: null }, signal)).toBeNull();
  });

  test.each(["0.0.0.0", "::", "10.0.0.5", "spillway.example.com", "127.0.0.1.example.com"])("is needed on %s", async (host) => {
    await expect(requestToken({ host, token: null }, signal)).rejects.toMatchObject({ code: "HTTP_TOKEN_MISSING" });
    expect(await requestToken({ host, token: new Secret("0123456789abcdef") }, signal)).not.toBeNull();
  });

  test("of a command must be long as well, and is not told", async () => {
    const token = { command: [process.execPath, "-e", "console.log('short')"] };
    const refused = requestToken({ host: "127.0.0.1", token }, signal);
    await expect(refused).rejects.toMatchObject({ code: "HTTP_TOKEN_MISSING", message: expect.not.stringContaining("short ") });
  });
});

test("an address that is taken is named", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  await expect(listen({ fetch: () => new Response() }, { host: "127.0.0.1", port })).rejects.toMatchObject({
    code: "HTTP_ADDRESS_UNUSABLE",
    message: `The service cannot listen on 127.0.0.1 port ${port} (EADDRINUSE).`,
  });
  taken.close();
});

test("requests under way are answered before the end", async () => {
  let answer: (response: Response) => void = () => undefined;
  let asked: () => void = () => undefined;
  const arrived = new Promise<void>((resolve) => (asked = resolve));
  const fetch_ = (): Promise<Response> => {
    asked();
    return new Promise((resolve) => (answer = resolve));
  };
  const server = await listen({ fetch: fetch_ }, { host: "127.0.0.1", port: 0 });
  const response = fetch(server.url, { headers: { connection: "close" } });
  await arrived;
  const closed = server[Symbol.asyncDispose]();
  answer(new Response("late"));
  expect(await (await response).text()).toBe("late");
  await closed;
  await expect(fetch(server.url)).rejects.toThrow("fetch failed");
});
