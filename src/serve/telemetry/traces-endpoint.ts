/** Where traces go by OpenTelemetry's variables; null when none is set, or the SDK is switched off. */
export function tracesEndpoint(env: Readonly<Record<string, string | undefined>>): string | null {
  if (env["OTEL_SDK_DISABLED"]?.toLowerCase() === "true" || env["OTEL_TRACES_EXPORTER"] === "none") return null;
  const own = env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
  if (own !== undefined && own !== "") return own;
  const base = env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  return base === undefined || base === "" ? null : `${base.replace(/\/+$/, "")}/v1/traces`;
}
