import { execFile, spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, readdirSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";

/** A Postgres server of one test file, gone with all its data once disposed. */
export interface PostgresServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Folder of its Unix socket. */
  readonly socketFolder: string;
  /** Superuser, let in without a password. */
  readonly user: string;
  /** Runs statements in a database as the superuser; rows as text. */
  sql(text: string, database?: string): Promise<readonly (readonly (string | null)[])[]>;
  url(database?: string): string;
}

/** What a server is started with, beyond the fast and forgetful defaults. */
export interface ServerSettings {
  readonly settings?: Readonly<Record<string, string>>;
  /** Lines of pg_hba.conf that come before "let everybody in". */
  readonly hba?: readonly string[];
  /** Files to put into the data folder, e.g. certificates. */
  readonly files?: Readonly<Record<string, string>>;
}

const FAST = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  max_connections: "20",
  shared_buffers: "64MB",
  autovacuum: "off",
  logging_collector: "off",
};

/** Starts Debian's Postgres on a free port of the loopback and a Unix socket in a temporary folder. */
export async function startPostgres(given: ServerSettings = {}): Promise<PostgresServer> {
  const bin = binaries();
  const owner = await unprivileged();
  const folder = await mkdtemp(join(tmpdir(), "spillway-pg-"));
  if (owner !== null) chownSync(folder, owner.uid ?? 0, owner.gid ?? 0);
  const data = join(folder, "data");
  await promisify(execFile)(
    join(bin, "initdb"),
    ["-D", data, "-U", "postgres", "-A", "trust", "--locale=C.UTF-8", "-E", "UTF8", "--no-sync"],
    { ...owner, cwd: folder },
  );
  for (const [name, content] of Object.entries(given.files ?? {})) {
    await writeFile(join(data, name), content);
    await chmod(join(data, name), 0o600);
    if (owner !== null) chownSync(join(data, name), owner.uid ?? 0, owner.gid ?? 0);
  }
  const hba = await readFile(join(data, "pg_hba.conf"), "utf8");
  await writeFile(join(data, "pg_hba.conf"), `${(given.hba ?? []).join("\n")}\n${hba}`);
  const port = await freePort();
  const all = { ...FAST, listen_addresses: "127.0.0.1", port: String(port), unix_socket_directories: folder, ...given.settings };
  const args = ["-D", data, ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  const server = spawn(join(bin, "postgres"), args, { ...owner, cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  server.stderr?.setEncoding("utf8").on("data", (text: string) => {
    log = (log + text).slice(-4000);
  });
  const connect = async (database: string): Promise<pg.Client> => {
    const client = new pg.Client({ host: folder, port, user: "postgres", database, ssl: false, password: "none" });
    client.on("error", () => undefined);
    await client.connect();
    return client;
  };
  await untilReady(connect, server, () => log);
  return {
    host: "127.0.0.1",
    port,
    socketFolder: folder,
    user: "postgres",
    url: (database = "postgres") => `postgres://postgres@127.0.0.1:${port}/${database}`,
    sql: async (text, database = "postgres") => {
      const client = await connect(database);
      try {
        const result = await client.query<(string | null)[]>({
          text,
          rowMode: "array",
          types: { getTypeParser: () => (value: string) => value },
        });
        return result.rows ?? [];
      } finally {
        await client.end();
      }
    },
    [Symbol.asyncDispose]: async () => {
      const gone = once(server, "exit");
      server.kill("SIGQUIT");
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function binaries(): string {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).toSorted((a, b) => Number(b) - Number(a)) : [];
  const found = versions.map((version) => join(root, version, "bin")).find((folder) => existsSync(join(folder, "initdb")));
  if (found === undefined) throw new Error("These tests need a Postgres server: apt-get install -y postgresql");
  return found;
}

/** Postgres refuses to run as root: then it runs as the user that Debian's package made. */
async function unprivileged(): Promise<Pick<SpawnOptions, "uid" | "gid"> | null> {
  if (process.getuid?.() !== 0) return null;
  const id = async (flag: string): Promise<number> => Number((await promisify(execFile)("id", [flag, "postgres"])).stdout);
  return { uid: await id("-u"), gid: await id("-g") };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function untilReady(connect: (database: string) => Promise<pg.Client>, server: ChildProcess, log: () => string): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    if (server.exitCode !== null) throw new Error(`Postgres did not start:\n${log()}`);
    try {
      await (await connect("postgres")).end();
      return;
    } catch {
      await sleep(20);
    }
  }
  server.kill("SIGKILL");
  throw new Error(`Postgres was not ready within 10 s:\n${log()}`);
}
