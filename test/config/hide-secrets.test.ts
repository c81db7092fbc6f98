import fc from "fast-check";
import { expect, test } from "vitest";
import { hideSecrets } from "../../src/config/hide-secrets.ts";

const shown = (line: string): string => hideSecrets(line, 0, 0, 1).text;

test.each([
  ["password: hunter2", "password: [hidden]"],
  ["  password: hunter2, and a } brace", "  password: [hidden]"],
  ["{password: hunter2, port: 1}", "{password: [hidden], port: 1}"],
  [`{password: "hunter2, }", port: 1}`, "{password: [hidden], port: 1}"],
  ["{password: 'it''s, hunter2', port: 1}", "{password: [hidden], port: 1}"],
  [`"secret_access_key" : hunter2`, `"secret_access_key" : [hidden]`],
  ["pasword: hunter2", "pasword: [hidden]"],
  ["sesion_tokn: hunter2", "sesion_tokn: [hidden]"],
  ["url: postgres://u:p@h/db", "url: [hidden]"],
  ["password: ${PGPASSWORD}", "password: ${PGPASSWORD}"],
  [`{token: "\${TOKEN}", url: \${URL}}`, `{token: "\${TOKEN}", url: \${URL}}`],
  ["password: hunter2${X}", "password: [hidden]"],
  ["password: {file: /run/secrets/x}", "password: {file: /run/secrets/x}"],
  ["primary_key: [user_id]", "primary_key: [user_id]"],
  ["query: SELECT a::text, password FROM t", "query: SELECT a::text, password FROM t"],
])("%s is shown as %s", (line, expected) => {
  expect(shown(line)).toBe(expected);
});

test("a text of several lines that belongs to a secret is hidden line by line", () => {
  const text = "credentials:\n  private_key: |\n    -----BEGIN\n    hunter2\n  region: x\n";
  expect(hideSecrets(text, text.indexOf("    hunter2"), 4, 7)).toEqual({ text: "[hidden]", start: 0, length: 8 });
  expect(hideSecrets(text, text.indexOf("  region"), 2, 6)).toEqual({ text: "  region: x", start: 2, length: 6 });
});

test("what is pointed at stays pointed at, wherever a secret stands on the line", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z]{1,30}$/), (secret) => {
      const line = `{password: ${secret}, nonsense: 1}`;
      const result = hideSecrets(line, 0, line.indexOf("nonsense"), 8);
      expect(result.text.slice(result.start, result.start + result.length)).toBe("nonsense");
      expect(result.text).toBe("{password: [hidden], nonsense: 1}");
    }),
  );
});
