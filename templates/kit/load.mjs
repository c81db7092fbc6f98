#!/usr/bin/env node
// Folds the files of one stream into a table. It needs Node 20 or newer and no packages:
//
//   node load.mjs INBOX TABLE.jsonl [--csv TABLE.csv]
//
// INBOX is a copy of the place that the files are delivered to. TABLE.jsonl is made by the first run and replaced at once by each later one, so a run
// that is killed leaves it as it was: run it again. Its first line says which generation it holds, each other line is a row. Whatever was applied
// already is ignored, and nothing is applied that its manifest does not vouch for.
//
// Exit codes: 0 the table holds everything that arrived; 1 something that arrived is not what it should be; 2 usage;
// 75 something is still missing, run it again when it has arrived.
import { createHash } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const REFUSED = 1;
const USAGE = 2;
const WAITING = 75;

class Problem extends Error {
  constructor(exit, message) {
    super(message);
    this.exit = exit;
  }
}

const kit = JSON.parse(readFileSync(new URL("kit.json", import.meta.url), "utf8"));

// ---- manifests: which generations to apply

function readManifests(inbox) {
  const folder = join(inbox, "_spillway", kit.stream);
  if (!existsSync(folder)) throw new Problem(WAITING, `nothing has arrived in ${folder} yet`);
  const names = readdirSync(folder).filter((name) => /^\d{6,}\.json$/.test(name));
  const manifests = names.map((name) => readManifest(join(folder, name), Number(name.slice(0, -".json".length))));
  return manifests.sort((a, b) => a.generation - b.generation);
}

function readManifest(path, generation) {
  const bytes = readFileSync(path);
  let manifest;
  try {
    manifest = JSON.parse(bytes.toString("utf8"));
  } catch {
    throw new Problem(REFUSED, `${path} is no whole manifest`);
  }
  if (manifest.version !== 1 || manifest.stream !== kit.stream || manifest.generation !== generation) {
    throw new Problem(REFUSED, `${path} is not the manifest of generation ${generation} of ${kit.stream}`);
  }
  return { ...manifest, sha256: hash(bytes) };
}

function hash(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The generations that follow one another from `last` on; from the first one where that is null. */
function follow(manifests, last) {
  const chain = [];
  for (;;) {
    const before = last;
    const from = before?.generation ?? 0;
    const next = manifests.findLast((each) => (each.previous?.generation ?? 0) === from && each.generation > from);
    if (next === undefined) return chain;
    if (before !== null && (next.previous.sha256 !== before.sha256 || next.state_id !== before.state_id)) {
      throw new Problem(
        REFUSED,
        `the manifest of generation ${next.generation} does not follow the generation ${before.generation} that is here`,
      );
    }
    chain.push(next);
    last = next;
  }
}

/** What to apply to a table, in order, and what is missing for more. `whole`: the first of them brings the whole table. */
function plan(manifests, table) {
  const newest = manifests.at(-1)?.generation ?? 0;
  const whole = manifests.findLast((each) => each.kind !== "delta");
  const isNew = table.generation === 0;
  let chain = isNew && whole !== undefined ? [] : follow(manifests, isNew ? null : table);
  let reached = chain.at(-1)?.generation ?? table.generation;
  let isWhole = false;
  if (reached < newest && whole !== undefined && whole.generation > reached) {
    if (!isNew && whole.state_id !== table.state_id) throw new Problem(REFUSED, `generation ${whole.generation} is of another sender`);
    chain = [whole, ...follow(manifests, whole)];
    reached = chain.at(-1).generation;
    isWhole = true;
  }
  // What comes before a full generation is gone with it.
  const full = chain.findLastIndex((each) => each.kind === "full");
  if (full !== -1) chain = chain.slice(full);
  const waits = reached < newest ? manifests.find((each) => each.generation > reached) : undefined;
  const missing = waits?.previous === null ? "a place in the order" : `the manifest of generation ${waits?.previous?.generation}`;
  return {
    chain,
    isWhole: isWhole || full !== -1,
    waits: waits === undefined ? null : `generation ${waits.generation} waits for ${missing}`,
  };
}

// ---- files: what a generation says

/** Removed and other rows of the objects of a generation, in the order to apply them. All of them are checked before any row is used. */
function readGeneration(inbox, manifest, isWhole) {
  const { format } = manifest;
  const columns = manifest.columns.map((column) => column.name);
  const kinds = new Map(manifest.changes.map((change) => [change.name, change.kinds]));
  // Removed rows may be told by fewer columns.
  const told = new Map(manifest.changes.map((change) => [change.name, change.columns ?? columns]));
  const objects = manifest.objects.filter(
    ({ change }) => manifest.kind !== "checkpoint" || (kinds.get(change) ?? []).includes("full") === isWhole,
  );
  const missing = objects.find((object) => !existsSync(join(inbox, object.key)));
  if (missing !== undefined) throw new Problem(WAITING, `generation ${manifest.generation} waits for ${missing.key}`);
  const all = [];
  for (const object of objects) {
    const bytes = readFileSync(join(inbox, object.key));
    if (bytes.length !== object.size || hash(bytes) !== object.sha256) {
      throw new Problem(REFUSED, `${object.key} is not the file that the manifest of generation ${manifest.generation} names`);
    }
    const own = told.get(object.change) ?? columns;
    const rows = parseFile(
      bytes,
      format,
      manifest.columns.filter((column) => own.includes(column.name)),
      object.key,
    );
    if (rows.length !== object.rows) throw new Problem(REFUSED, `${object.key} has ${rows.length} rows and not ${object.rows}`);
    const isRemoved = removedTest(object.change, kinds.get(object.change) ?? [], own);
    const places = columns.map((name) => own.indexOf(name));
    for (const row of rows) all.push({ row: places.map((at) => row[at] ?? null), removed: isRemoved(row) });
  }
  return { columns, rows: all };
}

function removedTest(change, kinds, columns) {
  if (!kinds.includes("removed")) return () => false;
  if (kinds.length === 1) return () => true;
  const mark = kit.removed[change];
  const at = columns.indexOf(mark?.column);
  if (at === -1) throw new Problem(REFUSED, `nothing tells removed rows of ${change} from others: ask for a new kit`);
  return (row) => row[at] === mark.text;
}

function parseFile(bytes, format, columns, key) {
  if (format.encryption !== "none") throw new Problem(REFUSED, `${key} is encrypted`);
  if (format.compression !== "none" && format.compression !== "gzip")
    throw new Problem(REFUSED, `${key} is compressed by ${format.compression}`);
  const plain = format.compression === "gzip" ? gunzipSync(bytes) : bytes;
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plain);
  const end = format.newline === "crlf" ? "\r\n" : "\n";
  const broken = () => new Problem(REFUSED, `${key} is no ${format.format} file of this stream`);
  if (format.format === "ndjson") return ndjsonRows(text, end, columns, broken);
  if (format.format !== "csv" && format.format !== "txt") throw new Problem(REFUSED, `${key} is a ${format.format} file`);
  const rows = csvRows(format.bom && text.startsWith("\ufeff") ? text.slice(1) : text, end, format, broken);
  const names = columns.map((column) => column.name);
  if (format.header && JSON.stringify((rows.shift() ?? []).map((field) => field.text)) !== JSON.stringify(names)) throw broken();
  if (rows.some((row) => row.length !== names.length)) throw broken();
  const isKey = names.map((name) => kit.key.includes(name));
  // A bare text for NULL is NULL; in quotes it is only where everything is quoted. A key is never NULL.
  const isNull = ({ text: field, quoted }) => field === format.null && (!quoted || format.quote === "all");
  return rows.map((row) => row.map((field, at) => (isNull(field) && !isKey[at] ? null : field.text)));
}

/** Fields as they stand, with whether they were quoted. */
function csvRows(text, end, { delimiter, quote }, broken) {
  const rows = [];
  let row = [];
  let [at, nextDelimiter, nextEnd] = [0, -1, -1];
  const find = (what) => {
    const found = text.indexOf(what, at);
    return found === -1 ? text.length : found;
  };
  while (at < text.length) {
    let field;
    if (quote !== "none" && text[at] === '"') {
      let close = text.indexOf('"', at + 1);
      while (close !== -1 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
      if (close === -1) throw broken();
      field = { text: text.slice(at + 1, close).replaceAll('""', '"'), quoted: true };
      at = close + 1;
    } else {
      if (nextDelimiter < at) nextDelimiter = find(delimiter);
      if (nextEnd < at) nextEnd = find(end);
      const stop = Math.min(nextDelimiter, nextEnd);
      field = { text: text.slice(at, stop), quoted: false };
      at = stop;
    }
    row.push(field);
    if (text.startsWith(delimiter, at)) {
      at += delimiter.length;
    } else if (text.startsWith(end, at)) {
      at += end.length;
      rows.push(row);
      row = [];
    } else throw broken();
  }
  if (row.length > 0) throw broken();
  return rows;
}

/** Numbers and JSON columns stay as they are written: JSON.parse would round them. */
function ndjsonRows(text, end, columns, broken) {
  const lines = text.split(end);
  if (lines.pop() !== "") throw broken();
  return lines.map((line) => {
    const members = new Map(membersOf(line, broken));
    return columns.map(({ name, type }) => {
      const raw = members.get(name);
      if (raw === undefined) throw broken();
      if (raw === "null") return null;
      return raw.startsWith('"') && type !== "json" ? JSON.parse(raw) : raw;
    });
  });
}

function* membersOf(line, broken) {
  for (let at = 1; at < line.length && line[at] !== "}"; at += 1) {
    const nameEnd = valueEnd(line, at);
    const end = valueEnd(line, nameEnd + 1);
    if (line[nameEnd] !== ":" || !",}".includes(line[end] ?? " ")) throw broken();
    yield [JSON.parse(line.slice(at, nameEnd)), line.slice(nameEnd + 1, end)];
    at = end;
    if (line[at] === "}") return;
  }
}

/** Where the JSON value that begins at a place ends. */
function valueEnd(line, from) {
  let depth = 0;
  for (let at = from; at < line.length; at += 1) {
    const character = line[at];
    if (character === '"') {
      for (at += 1; at < line.length && line[at] !== '"'; at += 1) if (line[at] === "\\") at += 1;
      if (depth === 0) return at + 1;
    } else if (character === "{" || character === "[") depth += 1;
    else if ((character === "}" || character === "]") && depth > 0) {
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && ",}:".includes(character)) return at;
  }
  return line.length;
}

// ---- the table

function readTable(path) {
  if (!existsSync(path)) return { stream: kit.stream, generation: 0, sha256: null, state_id: null, columns: [], rows: new Map() };
  const [first, ...lines] = readFileSync(path, "utf8").split("\n").slice(0, -1);
  const { stream, generation, sha256, state_id, columns } = JSON.parse(first);
  if (stream !== kit.stream) throw new Problem(USAGE, `${path} is a table of ${stream}, and this is the kit of ${kit.stream}`);
  const rows = new Map(lines.map((line, at) => JSON.parse(line)).map((row, at) => [keyOf(row, columns, at), row]));
  return { stream, generation, sha256, state_id, columns, rows };
}

/** A stream without a key only ever adds rows. */
function keyOf(row, columns, number) {
  return kit.key.length === 0 ? number : JSON.stringify(kit.key.map((name) => row[columns.indexOf(name)]));
}

function applyGeneration(table, manifest, { columns, rows }, isWhole) {
  const absent = kit.key.find((name) => !columns.includes(name));
  if (absent !== undefined)
    throw new Problem(REFUSED, `generation ${manifest.generation} has no column ${absent}: ask for a kit of its time`);
  if (isWhole) table.rows.clear();
  // A column that is younger than a row is NULL there until the row is told again.
  if (JSON.stringify(columns) !== JSON.stringify(table.columns)) {
    const places = columns.map((name) => table.columns.indexOf(name));
    for (const [key, row] of table.rows)
      table.rows.set(
        key,
        places.map((at) => row[at] ?? null),
      );
  }
  for (const { row, removed } of rows) {
    const key = keyOf(row, columns, table.rows.size);
    if (removed) table.rows.delete(key);
    else table.rows.set(key, row);
  }
  const { generation, sha256, state_id } = manifest;
  Object.assign(table, { generation, sha256, state_id, columns });
}

/** All or nothing: what is written stands under another name until it is whole and on disk. */
function writeWhole(path, lines) {
  const file = openSync(`${path}.part`, "w");
  for (let from = 0; from < lines.length; from += 10_000) writeFileSync(file, lines.slice(from, from + 10_000).join(""));
  fsyncSync(file);
  closeSync(file);
  renameSync(`${path}.part`, path);
}

function writeTable(path, { rows, ...head }) {
  writeWhole(
    path,
    [head, ...rows.values()].map((value) => `${JSON.stringify(value)}\n`),
  );
}

function writeCsv(path, { columns, rows }) {
  const field = (text) => (text === null ? "" : text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  writeWhole(
    path,
    [columns, ...rows.values()].map((row) => `${row.map(field).join(",")}\n`),
  );
}

function main([inbox, path, option, csv, ...others]) {
  const isUsage = path !== undefined && others.length === 0 && (option === undefined || (option === "--csv" && csv !== undefined));
  if (!isUsage) throw new Problem(USAGE, "usage: node load.mjs INBOX TABLE.jsonl [--csv TABLE.csv]");
  if (!existsSync(inbox) || !statSync(inbox).isDirectory()) throw new Problem(USAGE, `${inbox} is no folder`);
  const table = readTable(path);
  const held = table.generation;
  const manifests = readManifests(inbox);
  const { chain, isWhole, waits } = plan(manifests, table);
  let problem = waits === null ? null : new Problem(WAITING, waits);
  for (const [at, manifest] of chain.entries()) {
    try {
      const begins = at === 0 && isWhole;
      applyGeneration(table, manifest, readGeneration(inbox, manifest, begins), begins);
    } catch (error) {
      problem = error;
      break;
    }
  }
  if (table.generation > held) writeTable(path, table);
  if (csv !== undefined && table.generation > 0) writeCsv(csv, table);
  console.log(`${kit.stream}: generation ${table.generation}, ${table.rows.size} rows`);
  if (problem !== null) throw problem;
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  console.error(error.message);
  process.exitCode = error.exit;
}
