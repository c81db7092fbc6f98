/** What a connection URL says; whatever it leaves out is undefined. */
export interface ConnectionUrl {
  readonly host?: string;
  readonly port?: number;
  readonly database?: string;
  readonly user?: string;
  readonly password?: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const PARAMETERS = new Set([
  "host",
  "port",
  "dbname",
  "user",
  "password",
  "sslmode",
  "sslrootcert",
  "sslcert",
  "sslkey",
  "application_name",
  "options",
  "connect_timeout",
  "channel_binding",
]);
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  sslmode: ["disable", "prefer", "require", "verify-ca", "verify-full"],
  channel_binding: ["disable", "prefer", "require"],
};

/** Why a text is no usable connection URL, in words that never repeat it (it may hold a password); null when it is one. */
export function connectionUrlProblem(text: string): string | null {
  if (!/^postgres(ql)?:\/\//u.test(text)) return "must start with postgres:// or postgresql://";
  const url = toUrl(text);
  if (url === null || url.hostname.includes(",")) {
    return text.includes(",") ? "names several hosts; give one" : "is no valid URL: percent-encode special characters of user and password";
  }
  if (decoded(url) === null) return "holds a % that encodes nothing: write it as %25";
  if (url.hash !== "") return "holds a #: percent-encode it as %23";
  for (const [name, value] of url.searchParams) {
    if (!PARAMETERS.has(name)) return `has the parameter ${name}, which is not known; known are ${[...PARAMETERS].join(", ")}`;
    const choices = CHOICES[name];
    if (choices !== undefined && !choices.includes(value)) return `has an unknown ${name}; known are ${choices.join(", ")}`;
    if ((name === "port" || name === "connect_timeout") && !/^\d{1,5}$/u.test(value)) return `has a ${name} that is no number`;
  }
  return null;
}

/** Reads a URL that has no problem. */
export function parseConnectionUrl(text: string): ConnectionUrl {
  const url = toUrl(text) ?? new URL(text);
  const parts = decoded(url);
  const parameters = new Map(url.searchParams);
  const first = (...values: (string | undefined)[]): string | undefined => values.find((value) => value !== undefined && value !== "");
  const host = first(parameters.get("host"), parts?.host.replace(/^\[(.*)\]$/u, "$1"));
  const port = first(parameters.get("port"), url.port);
  const database = first(parameters.get("dbname"), parts?.database);
  const user = first(parameters.get("user"), parts?.user);
  const password = first(parameters.get("password"), parts?.password);
  return {
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(database === undefined ? {} : { database }),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    parameters,
  };
}

/** Stands where a URL names a user and no host (`postgres://me@/app?host=/run/postgresql`), which only libpq allows. */
const NO_HOST = "no-host";

function toUrl(text: string): URL | null {
  const named = text.replace(/^(\w+:\/\/[^/?#]*@)(?=[/?]|$)/u, `$1${NO_HOST}`);
  return URL.canParse(named) ? new URL(named) : null;
}

interface Parts {
  readonly host: string;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

function decoded(url: URL): Parts | null {
  try {
    return {
      host: url.hostname === NO_HOST ? "" : decodeURIComponent(url.hostname),
      database: decodeURIComponent(url.pathname.slice(1)),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
    };
  } catch {
    return null;
  }
}
