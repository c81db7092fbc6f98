/** Shorter ones would hide half of what is said. */
const SHORTEST = 6;
/** Passwords that demos use and that the program has to say all the time; whoever uses them keeps no secret. */
const ORDINARY = new Set(["postgres", "postgresql", "snowflake", "bigquery", "duckdb", "spillway", "public", "password", "secret"]);
/** Secrets that rotate do not fill a long-lived process. */
const MOST = 100;
/** A long text, such as a private key, is also hidden line by line. */
const SHORTEST_LINE = 16;
const MASK = "[redacted]";

/** Each secret with all its writings. */
const remembered = new Map<string, readonly string[]>();
let pattern: RegExp | null = null;

/** From now on `scrub` hides this text, whichever way it is written. */
export function rememberSecret(text: string): void {
  const parts = [text, ...urlPasswords(text), ...text.split("\n").filter((line) => line.length >= SHORTEST_LINE && line !== text)];
  for (const part of parts.map((each) => each.trim())) {
    if (part.length < SHORTEST || ORDINARY.has(part.toLowerCase()) || remembered.has(part)) continue;
    remembered.set(part, writings(part));
    pattern = null;
  }
  for (const oldest of remembered.keys()) {
    if (remembered.size <= MOST) break;
    remembered.delete(oldest);
  }
}

/** Text without any secret that this process has had, plain or as JSON, base64 or part of a URL: the last look before anything leaves it. */
export function scrub(text: string): string {
  if (remembered.size === 0) return text;
  pattern ??= patternOf(remembered);
  return text.replace(pattern, MASK);
}

function patternOf(secrets: ReadonlyMap<string, readonly string[]>): RegExp {
  const forms = new Set([...secrets.values()].flat().filter((form) => form.length >= SHORTEST));
  // The longest first: of two that begin alike the shorter one would leave the other's end.
  const longestFirst = [...forms].toSorted((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map((form) => form.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)).join("|"), "g");
}

/** Every way in which a library may write a text into a message. */
function writings(secret: string): readonly string[] {
  const encoded = encodeURIComponent(secret);
  const urls = [encoded, encoded.replaceAll(/[!'()*]/g, percent), new URLSearchParams([["", secret]]).toString().slice(1)];
  const lower = urls.map((url) => url.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()));
  return [secret, JSON.stringify(secret).slice(1, -1), ...urls, ...lower, ...base64s(secret)];
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** Base64 of the text alone and within a longer one (`user:password`), where its letters depend on where it begins; its edges are left out. */
function base64s(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  return [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
    const stable = text.slice(offset === 0 ? 0 : offset + 1, Math.floor((offset + bytes.length) / 3) * 4);
    return [stable, stable.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

/** The password inside of a connection URL is a secret by itself. */
function urlPasswords(text: string): readonly string[] {
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:(?<password>[^\s/@]+)@/i.exec(text)?.groups?.["password"];
  return password === undefined ? [] : [password, decoded(password)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
