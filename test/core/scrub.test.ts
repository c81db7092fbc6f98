import fc from "fast-check";
import { expect, test } from "vitest";
import { rememberSecret, scrub } from "../../src/core/scrub.ts";
import { Secret } from "../../src/core/secret.ts";

/** Every way in which libraries write a text that they were given. */
const WRITINGS: Readonly<Record<string, (text: string) => string>> = {
  "as it is": (text) => text,
  "as JSON": (text) => JSON.stringify({ text }),
  "as a part of a URL": (text) => `https://host/?token=${encodeURIComponent(text)}&x=1`,
  "as a form": (text) => new URLSearchParams({ text }).toString(),
  "as base64": (text) => Buffer.from(text).toString("base64"),
  "as base64url": (text) => Buffer.from(text).toString("base64url"),
  "as basic authentication": (text) => `Basic ${Buffer.from(`user:${text}`).toString("base64")}`,
  "within longer base64": (text) => Buffer.from(`ab${text}cd`).toString("base64"),
};

const secret = fc.string({ unit: "grapheme-ascii", minLength: 10, maxLength: 40 }).filter((text) => text.trim().length > 9);

test.each(Object.keys(WRITINGS))("a secret is hidden %s", (name) => {
  fc.assert(
    fc.property(secret, fc.lorem(), (text, around) => {
      rememberSecret(text);
      const written = WRITINGS[name]?.(text.trim()) ?? "";
      const said = scrub(`${around} ${written} ${around}`);
      expect(said).toContain("[redacted]");
      expect(said).not.toContain(written);
    }),
    { numRuns: 10 },
  );
});

test("whatever became a Secret is hidden from then on, with the password of a URL and each line of a key", () => {
  expect(scrub("connect with k9f3-q8w2")).toContain("k9f3-q8w2");
  expect(new Secret("k9f3-q8w2").toString()).toBe("[redacted]");
  expect(scrub("connect with k9f3-q8w2")).toBe("connect with [redacted]");
  expect(new Secret("postgres://ann:p%40ss-w0rd@db/app")).toBeInstanceOf(Secret);
  expect(scrub("p@ss-w0rd p%40ss-w0rd postgres://ann:p%40ss-w0rd@db/app")).toBe("[redacted] [redacted] [redacted]");
  expect(new Secret("-----BEGIN KEY-----\nMIIEvgIBADANBgkqhkiG9w0\n-----END KEY-----\n")).toBeInstanceOf(Secret);
  expect(scrub("bad line MIIEvgIBADANBgkqhkiG9w0")).toBe("bad line [redacted]");
});

test("words that the program has to say and texts that are hardly secret stay readable", () => {
  for (const word of ["postgres", "PASSWORD", "a", "12345", ""]) rememberSecret(word);
  expect(scrub("type: postgres, password, a 12345")).toBe("type: postgres, password, a 12345");
});

test("a process that sees very many secrets keeps the newest", () => {
  for (let at = 0; at < 120; at += 1) rememberSecret(`rotated-secret-${at}-`);
  expect(scrub("rotated-secret-119- rotated-secret-0-")).toBe("[redacted] rotated-secret-0-");
});
