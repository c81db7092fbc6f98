import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { TempFolder } from "../temp-folder.ts";

/** A certificate authority, and a server's certificate for `localhost` that it signed; PEM text. */
export interface TestCertificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Makes certificates with openssl, valid for a day. */
export async function makeCertificates(folder: TempFolder): Promise<TestCertificates> {
  const openssl = async (...args: readonly string[]): Promise<unknown> => await promisify(execFile)("openssl", args, { cwd: folder.path });
  const key = ["-newkey", "rsa:2048", "-nodes"];
  await openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test authority", "-days", "1");
  await openssl("req", ...key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost");
  await folder.write("names.ext", "subjectAltName=DNS:localhost\n");
  const signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names.ext", "-days", "1"];
  await openssl("x509", "-req", "-in", "server.csr", "-out", "server.pem", ...signing);
  const read = async (name: string): Promise<string> => await readFile(folder.at(name), "utf8");
  return { ca: await read("ca.pem"), cert: await read("server.pem"), key: await read("server.key") };
}
