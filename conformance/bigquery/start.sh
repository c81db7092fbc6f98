#!/bin/sh
# A BigQuery server written by others (local-bigquery: REST on DuckDB), from the Python registry. Usage: start.sh DIR HTTP_PORT GRPC_PORT, with
# the program to make the environment with in PYTHON (3.13 or later). Installs into DIR when it is missing, then stays in the foreground.
set -e
DIR=${1:?folder}
HTTP=${2:?port}
GRPC=${3:?port}
VERSION=0.3.2
if [ ! -f "$DIR/installed-$VERSION" ]; then
  rm -rf "$DIR/venv" "$DIR/home"
  mkdir -p "$DIR/home"
  "${PYTHON:?python}" -m venv "$DIR/venv"
  "$DIR/venv/bin/pip" install --quiet --disable-pip-version-check "local-bigquery==$VERSION" duckdb==1.5.5 \
    duckdb-extension-ducklake==1.5.5 duckdb-extension-icu==1.5.5 duckdb-extension-spatial==1.5.5
  # Its extensions come from the registry too; DuckDB would download them from elsewhere.
  HOME="$DIR/home" "$DIR/venv/bin/python" - <<'P'
import duckdb, glob, importlib, os
for name in ("ducklake", "icu", "spatial"):
    module = importlib.import_module("duckdb_extension_" + name)
    [path] = glob.glob(os.path.join(os.path.dirname(module.__file__), "extensions", "v" + duckdb.__version__, "*.duckdb_extension"))
    connection = duckdb.connect()
    connection.execute(f"INSTALL '{path}'")
    connection.execute("LOAD " + name)
P
  touch "$DIR/installed-$VERSION"
fi
rm -rf "$DIR/data"
HOME="$DIR/home" exec "$DIR/venv/bin/local-bigquery" serve --host 127.0.0.1 --port "$HTTP" --grpc-port "$GRPC" --project test --data-dir "$DIR/data" 2>"$DIR/server.log"
