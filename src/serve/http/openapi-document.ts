import { OpenAPIHono } from "@hono/zod-openapi";
import { ROUTES } from "./api-routes.ts";

/** The OpenAPI 3.1 document of the HTTP interface, made from the very routes that answer. */
export function openapiDocument(): ReturnType<OpenAPIHono["getOpenAPI31Document"]> {
  const app = new OpenAPIHono();
  for (const route of ROUTES) app.openAPIRegistry.registerPath(route);
  app.openAPIRegistry.registerComponent("securitySchemes", "token", {
    type: "http",
    scheme: "bearer",
    description: "`serve.token` of config.yaml; without one, the service answers on loopback alone",
  });
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Spillway",
      // Of the interface: keys, paths and statuses are only ever added to version 1.
      version: "1",
      description: "The HTTP interface of `sync serve`.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    servers: [{ url: "http://127.0.0.1:8787" }],
    security: [{ token: [] }],
    tags: [
      { name: "models", description: "Streams and how they stand" },
      { name: "runs", description: "Runs: start, look up, answer" },
      { name: "health", description: "For probes and Prometheus" },
    ],
  });
}
