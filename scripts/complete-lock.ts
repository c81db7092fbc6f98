/**
 * Adds to package-lock.json the optional dependencies (native binaries of other platforms) that npm left out because the
 * registry it asked did not carry them. `npm ci` refuses a lock without them, and other platforms could not install from it.
 * Run after `npm install` behind such a mirror: `npx tsx scripts/complete-lock.ts`.
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Lock {
  readonly packages: Record<string, LockEntry>;
}

const FILE = fileURLToPath(new URL("../package-lock.json", import.meta.url));
const SYSTEMS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const PROCESSORS = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"];

/** What npm would have read from the package's own manifest; binaries of one platform say it in their name. */
function platform(name: string, dev: boolean): object {
  const parts = name.split(/[/-]/);
  const os = SYSTEMS.find((system) => parts.includes(system));
  const cpu = PROCESSORS.find((processor) => parts.includes(processor));
  const libc = parts.some((part) => part.startsWith("musl")) ? "musl" : parts.some((part) => part.startsWith("gnu")) ? "glibc" : null;
  return {
    ...(cpu && { cpu: [cpu] }),
    ...(dev && { dev }),
    ...(os === "linux" && libc && { libc: [libc] }),
    optional: true,
    ...(os && { os: [os] }),
  };
}

/** The entries that `packages` lacks, by their place in node_modules. */
function missing(packages: Lock["packages"]): [place: string, entry: object][] {
  return Object.values(packages).flatMap((parent) =>
    Object.entries(parent.optionalDependencies ?? {})
      .filter(([name]) => !Object.keys(packages).some((place) => place.endsWith(`node_modules/${name}`)))
      .map(([name, version]): [string, object] => {
        if (!/^\d+\.\d+\.\d+[\w.-]*$/.test(version)) throw new Error(`${name}@${version} names no exact version: npm has to resolve it.`);
        return [`node_modules/${name}`, { version, ...platform(name, parent.dev ?? false) }];
      }),
  );
}

const lock = JSON.parse(await readFile(FILE, "utf8")) as Lock;
const added = missing(lock.packages);
const packages = Object.fromEntries(
  Object.entries({ ...lock.packages, ...Object.fromEntries(added) }).toSorted(([a], [b]) => a.localeCompare(b, "en")),
);
if (added.length > 0) await writeFile(FILE, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`);
console.log(`${added.length} optional packages added to package-lock.json`);
