import { readFile } from "node:fs/promises";
import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, test } from "vitest";
import { buildApi } from "../../../src/serve/http/build-api.ts";
import { openapiDocument } from "../../../src/serve/http/openapi-document.ts";
import { fakeService } from "../../support/fake-service.ts";

const document = openapiDocument();

test("schema/openapi.json is the document of the routes (npm run schemas writes it)", async () => {
  const written: unknown = JSON.parse(await readFile("schema/openapi.json", "utf8"));
  expect(written).toEqual(JSON.parse(JSON.stringify(document)));
});

test("the document is OpenAPI 3.1", async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate("schema/openapi.json");
  expect([errors, valid]).toEqual([undefined, true]);
});

test("every route that answers is described, and nothing else", () => {
  const metrics = { text: async () => await Promise.resolve(""), contentType: "text/plain" };
  const signal = new AbortController().signal;
  const app = buildApi({ control: fakeService(), metrics, token: null, signal, failed: () => undefined });
  const answered = app.routes
    .filter(({ path }) => path !== "/*")
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
  const described = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(described.length).toBeGreaterThan(8);
  expect([...new Set(answered)].toSorted()).toEqual(described.toSorted());
});
