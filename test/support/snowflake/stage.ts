import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Result, SnowflakeDatabase } from "./snowflake-database.ts";
import { rowType } from "./snowflake-dialect-shim.ts";

/** Rows of a file that is unloaded. */
const ROWS_A_FILE = 400;

/** The user's stage, as a folder of this machine. */
export class Stage {
  readonly root: string;
  /** What is done to the bytes of an unloaded file before they are stored. */
  spoil: (bytes: Buffer, file: number) => Buffer = (bytes) => bytes;

  constructor(root: string) {
    this.root = root;
  }

  /** Paths below the stage, sorted. */
  async files(): Promise<readonly string[]> {
    const names = await readdir(this.root, { recursive: true }).catch(() => []);
    return names.filter((name) => name.endsWith(".gz")).toSorted();
  }

  /** Answers a statement about the stage; null when it is none. */
  async answer(sql: string, database: SnowflakeDatabase, queryId: string): Promise<{ readonly data: object } | Result | null> {
    const copy = /^COPY INTO '@~\/([^']+)' FROM \(\n([^]*)\n\)\nFILE_FORMAT = \(([^)]*\)[^)]*)\)/u.exec(sql);
    if (copy !== null) return await this.#unload(copy[1] ?? "", copy[2] ?? "", database);
    const get = /^GET '@~\/([^']+)' 'file:\/\/([^']+)'$/u.exec(sql);
    if (get !== null) return { data: await this.#download(get[1] ?? "", get[2] ?? "", queryId) };
    const list = /^LIST '@~\/([^']*)'$/u.exec(sql);
    if (list !== null) {
      const names = (await this.files()).filter((name) => name.startsWith(list[1] ?? ""));
      return { queryId, rowtype: [rowType("name", "VARCHAR"), rowType("size", "BIGINT")], rows: names.map((name) => [name, "1"]) };
    }
    const remove = /^REMOVE '@~\/([^']+)'$/u.exec(sql);
    if (remove === null) return null;
    await rm(join(this.root, remove[1] ?? "missing"), { recursive: true, force: true });
    return { queryId, rowtype: [rowType("name", "VARCHAR")], rows: [] };
  }

  async #unload(folder: string, query: string, database: SnowflakeDatabase): Promise<Result> {
    const { queryId, rows } = await database.select(query);
    await mkdir(join(this.root, folder), { recursive: true });
    const told: string[][] = [];
    for (let from = 0; from < rows.length; from += ROWS_A_FILE) {
      const lines = rows.slice(from, from + ROWS_A_FILE).map(([line]) => `${line ?? ""}\n`);
      const name = `data_0_${told.length}_0.csv.gz`;
      const bytes = this.spoil(gzipSync(lines.join("")), told.length);
      await writeFile(join(this.root, folder, name), bytes);
      told.push([`${folder}${name}`, String(bytes.length), String(lines.length)]);
    }
    const rowtype = [rowType("FILE_NAME", "VARCHAR"), rowType("FILE_SIZE", "BIGINT"), rowType("ROW_COUNT", "BIGINT")];
    return { queryId, rowtype, rows: told };
  }

  async #download(path: string, localLocation: string, queryId: string): Promise<object> {
    const location = join(this.root, path, "..");
    const found = await stat(join(this.root, path)).catch(() => null);
    return {
      command: "DOWNLOAD",
      src_locations: found === null ? [] : [path.split("/").at(-1)],
      localLocation,
      parallel: 1,
      stageInfo: { locationType: "LOCAL_FS", location, path: "", creds: {} },
      queryId,
    };
  }
}
