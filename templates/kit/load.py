"""Folds the files of one stream into a table, and gives it as a pandas DataFrame. It needs Python 3.9 or newer and pandas:

    python load.py INBOX TABLE.jsonl [--csv TABLE.csv]

or, in a program, `from load import load` and `frame = load("inbox", "table.jsonl")`.

INBOX is a copy of the place that the files are delivered to. TABLE.jsonl is made by the first run and replaced at once by each later one, so a run that
is killed leaves it as it was: run it again. Its first line says which generation it holds, each other line is a row. Whatever was applied already is
ignored, and nothing is applied that its manifest does not vouch for.

Values are texts, exactly as in the files, and None where they are NULL; `frame.astype(...)` makes numbers of them.

Exit codes: 0 the table holds everything that arrived; 1 something that arrived is not what it should be; 2 usage;
75 something is still missing, run it again when it has arrived.
"""

import gzip
import hashlib
import json
import os
import re
import sys
from pathlib import Path

import pandas as pd

REFUSED, USAGE, WAITING = 1, 2, 75
KIT = json.loads(Path(__file__).with_name("kit.json").read_text("utf-8"))
REMOVED = "\0removed"  # no column is called so


class Problem(Exception):
    def __init__(self, exit_code, message):
        super().__init__(message)
        self.exit_code = exit_code


# ---- manifests: which generations to apply


def read_manifests(inbox):
    folder = Path(inbox, "_spillway", KIT["stream"])
    if not folder.is_dir():
        raise Problem(WAITING, f"nothing has arrived in {folder} yet")
    manifests = []
    for path in folder.iterdir():
        if re.fullmatch(r"[0-9]{6,}\.json", path.name):
            data = path.read_bytes()
            generation = int(path.stem)
            try:
                manifest = json.loads(data)
            except ValueError:
                raise Problem(REFUSED, f"{path} is no whole manifest") from None
            if (manifest.get("version"), manifest.get("stream"), manifest.get("generation")) != (1, KIT["stream"], generation):
                raise Problem(REFUSED, f"{path} is not the manifest of generation {generation} of {KIT['stream']}")
            manifests.append({**manifest, "sha256": hashlib.sha256(data).hexdigest()})
    return sorted(manifests, key=lambda each: each["generation"])


def previous(manifest):
    return manifest["previous"]["generation"] if manifest["previous"] else 0


def follow(manifests, last):
    """The generations that follow one another from `last` on; from the first one where that is None."""
    chain = []
    while True:
        here = last["generation"] if last else 0
        found = [each for each in manifests if previous(each) == here and each["generation"] > here]
        if not found:
            return chain
        after = found[-1]
        if last and (after["previous"]["sha256"] != last["sha256"] or after["state_id"] != last["state_id"]):
            raise Problem(REFUSED, f"the manifest of generation {after['generation']} does not follow the generation {here} that is here")
        chain.append(after)
        last = after


def plan(manifests, table):
    """What to apply, in order; whether the first of it brings the whole table; what is missing for more."""
    newest = manifests[-1]["generation"] if manifests else 0
    wholes = [each for each in manifests if each["kind"] != "delta"]
    here = table["generation"]
    chain = [] if here == 0 and wholes else follow(manifests, table if here else None)
    reached = chain[-1]["generation"] if chain else here
    is_whole = False
    if reached < newest and wholes and wholes[-1]["generation"] > reached:
        if here and wholes[-1]["state_id"] != table["state_id"]:
            raise Problem(REFUSED, f"generation {wholes[-1]['generation']} is of another sender")
        chain = [wholes[-1], *follow(manifests, wholes[-1])]
        reached = chain[-1]["generation"]
        is_whole = True
    # What comes before a full generation is gone with it.
    for at in range(len(chain) - 1, -1, -1):
        if chain[at]["kind"] == "full":
            chain, is_whole = chain[at:], True
            break
    waits = next((each for each in manifests if each["generation"] > reached), None)
    if waits is None:
        return chain, is_whole, None
    missing = f"the manifest of generation {previous(waits)}" if waits["previous"] else "a place in the order"
    return chain, is_whole, f"generation {waits['generation']} waits for {missing}"


# ---- files: what a generation says


def read_generation(inbox, manifest, is_whole):
    """Rows of the objects of a generation, in the order to apply them. All of them are checked before any row is used."""
    generation, columns = manifest["generation"], [column["name"] for column in manifest["columns"]]
    kinds = {change["name"]: change["kinds"] for change in manifest["changes"]}
    # Removed rows may be told by fewer columns.
    told = {change["name"]: change.get("columns", columns) for change in manifest["changes"]}
    objects = [
        each for each in manifest["objects"] if manifest["kind"] != "checkpoint" or ("full" in kinds[each["change"]]) == is_whole
    ]
    for each in KIT["key"]:
        if each not in columns:
            raise Problem(REFUSED, f"generation {generation} has no column {each}: ask for a kit of its time")
    for each in objects:
        if not Path(inbox, each["key"]).exists():
            raise Problem(WAITING, f"generation {generation} waits for {each['key']}")
    frames = []
    for each in objects:
        data = Path(inbox, each["key"]).read_bytes()
        if len(data) != each["size"] or hashlib.sha256(data).hexdigest() != each["sha256"]:
            raise Problem(REFUSED, f"{each['key']} is not the file that the manifest of generation {generation} names")
        own = [column for column in manifest["columns"] if column["name"] in told[each["change"]]]
        rows = parse_file(data, manifest["format"], own, each["key"])
        if len(rows) != each["rows"]:
            raise Problem(REFUSED, f"{each['key']} has {len(rows)} rows and not {each['rows']}")
        frame = pd.DataFrame(rows, columns=[column["name"] for column in own], dtype=object)
        frame[REMOVED] = removed_rows(frame, each["change"], kinds[each["change"]])
        frames.append(frame)
    return frames


def removed_rows(frame, change, kinds):
    if "removed" not in kinds:
        return False
    if kinds == ["removed"]:
        return True
    mark = KIT["removed"].get(change)
    if mark is None or mark["column"] not in frame.columns:
        raise Problem(REFUSED, f"nothing tells removed rows of {change} from others: ask for a new kit")
    return frame[mark["column"]] == mark["text"]


def parse_file(data, form, columns, key):
    if form["encryption"] != "none":
        raise Problem(REFUSED, f"{key} is encrypted")
    if form["compression"] not in ("none", "gzip"):
        raise Problem(REFUSED, f"{key} is compressed by {form['compression']}")
    if form["format"] not in ("csv", "txt", "ndjson"):
        raise Problem(REFUSED, f"{key} is a {form['format']} file")
    text = (gzip.decompress(data) if form["compression"] == "gzip" else data).decode("utf-8")
    end = "\r\n" if form["newline"] == "crlf" else "\n"
    broken = Problem(REFUSED, f"{key} is no {form['format']} file of this stream")
    if form["format"] == "ndjson":
        return ndjson_rows(text, end, columns, broken)
    rows = csv_rows(text[1:] if form["bom"] and text.startswith("\ufeff") else text, end, form, broken)
    names = [column["name"] for column in columns]
    if form["header"] and (not rows or [field for field, _ in rows.pop(0)] != names):
        raise broken
    if any(len(row) != len(names) for row in rows):
        raise broken
    keys = [name in KIT["key"] for name in names]
    # A bare text for NULL is NULL; in quotes it is only where everything is quoted. A key is never NULL. (Neither pandas nor the csv module of every
    # Python can tell a quoted empty text from a bare one.)
    null, all_quoted = form["null"], form["quote"] == "all"
    return [
        [None if field == null and not is_key and (all_quoted or not quoted) else field for (field, quoted), is_key in zip(row, keys)]
        for row in rows
    ]


def csv_rows(text, end, form, broken):
    """Fields as they stand, with whether they were quoted."""
    delimiter, is_quoting = form["delimiter"], form["quote"] != "none"
    rows, row, at, next_delimiter, next_end = [], [], 0, -1, -1
    while at < len(text):
        if is_quoting and text[at] == '"':
            close = text.find('"', at + 1)
            while close != -1 and text[close + 1 : close + 2] == '"':
                close = text.find('"', close + 2)
            if close == -1:
                raise broken
            row.append((text[at + 1 : close].replace('""', '"'), True))
            at = close + 1
        else:
            if next_delimiter < at:
                next_delimiter = text.find(delimiter, at) % (len(text) + 1)
            if next_end < at:
                next_end = text.find(end, at) % (len(text) + 1)
            stop = min(next_delimiter, next_end)
            row.append((text[at:stop], False))
            at = stop
        if text.startswith(delimiter, at):
            at += len(delimiter)
        elif text.startswith(end, at):
            at += len(end)
            rows.append(row)
            row = []
        else:
            raise broken
    if row:
        raise broken
    return rows


def ndjson_rows(text, end, columns, broken):
    """Numbers and JSON columns stay as they are written: json.loads would round them."""
    lines = text.split(end)
    if lines.pop() != "":
        raise broken
    return [[value_of(members_of(line, broken), column, broken) for column in columns] for line in lines]


def members_of(line, broken):
    members, at, decoder = {}, 1, json.JSONDecoder()
    while at < len(line) and line[at] != "}":
        name, at = decoder.raw_decode(line, at)
        value, stop = decoder.raw_decode(line, at + 1)
        if line[at] != ":" or line[stop : stop + 1] not in (",", "}"):
            raise broken
        members[name] = (value, line[at + 1 : stop])
        at = stop if line[stop] == "}" else stop + 1
    return members


def value_of(members, column, broken):
    if column["name"] not in members:
        raise broken
    value, raw = members[column["name"]]
    return value if value is None or (isinstance(value, str) and column["type"] != "json") else raw


# ---- the table


def read_table(path):
    if not Path(path).exists():
        return {"stream": KIT["stream"], "generation": 0, "sha256": None, "state_id": None, "columns": []}, pd.DataFrame(dtype=object)
    with open(path, encoding="utf-8", newline="\n") as file:
        head = json.loads(next(file))
        rows = [json.loads(line) for line in file]
    if head["stream"] != KIT["stream"]:
        raise Problem(USAGE, f"{path} is a table of {head['stream']}, and this is the kit of {KIT['stream']}")
    return head, pd.DataFrame(rows, columns=head["columns"], dtype=object)


def fold(table, generations):
    """A table after generations, each a list of frames, or None in front of one that brings everything."""
    frames = [table]
    for each in generations:
        frames = [] if each is None else [*frames, *each]
    # A column that is younger than a row is NULL there until the row is told again.
    rows = pd.concat(frames, ignore_index=True) if frames else table.iloc[:0]
    if KIT["key"] and len(rows):
        rows = rows.drop_duplicates(subset=KIT["key"], keep="last")
    if REMOVED in rows.columns:
        rows = rows[rows[REMOVED].map(lambda removed: removed is not True and removed != 1)]
    return rows.astype(object).where(rows.notna(), None)


def write_whole(path, lines):
    """All or nothing: what is written stands under another name until it is whole and on disk."""
    with open(f"{path}.part", "w", encoding="utf-8", newline="\n") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    os.replace(f"{path}.part", path)


def update(inbox, path):
    """The table with everything that arrived, its head, and what keeps it from more, or None."""
    head, table = read_table(path)
    chain, is_whole, waits = plan(read_manifests(inbox), head)
    problem = Problem(WAITING, waits) if waits else None
    generations, columns, last = [], head["columns"], None
    for at, manifest in enumerate(chain):
        begins = at == 0 and is_whole
        try:
            frames = read_generation(inbox, manifest, begins)
        except Problem as found:
            problem = found
            break
        generations += [None, frames] if begins else [frames]
        columns, last = [column["name"] for column in manifest["columns"]], manifest
    if last is None:
        return table, head, problem
    table = fold(table, generations).reindex(columns=columns).astype(object)
    table = table.where(table.notna(), None).reset_index(drop=True)
    head = {"stream": KIT["stream"], **{name: last[name] for name in ("generation", "sha256", "state_id")}, "columns": columns}
    rows = ([*row] for row in table.itertuples(index=False, name=None))
    write_whole(path, (json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in [head, *rows]))
    return table, head, problem


def load(inbox, path):
    """The table with everything that arrived. Raises Problem when something is missing or not what it should be; run again once it is mended."""
    table, _, problem = update(inbox, path)
    if problem is not None:
        raise problem
    return table


def main(arguments):
    if len(arguments) not in (2, 4) or (len(arguments) == 4 and arguments[2] != "--csv"):
        raise Problem(USAGE, "usage: python load.py INBOX TABLE.jsonl [--csv TABLE.csv]")
    if not Path(arguments[0]).is_dir():
        raise Problem(USAGE, f"{arguments[0]} is no folder")
    table, head, problem = update(arguments[0], arguments[1])
    if len(arguments) == 4:
        table.to_csv(arguments[3], index=False)
    print(f"{KIT['stream']}: generation {head['generation']}, {len(table)} rows")
    if problem is not None:
        raise problem


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Problem as found:
        print(found, file=sys.stderr)
        sys.exit(found.exit_code)
