#!/bin/sh
# A Snowflake emulator written by others (fakesnow: Snowflake's SQL parsed and run on DuckDB) behind adapter.py, which speaks the protocol of the
# Node driver, from the Python registry. Usage: start.sh DIR PORT, with the program to make the environment with in PYTHON. Installs into DIR
# when it is missing, makes the key that its user logs in with (DIR/rsa.p8), then stays in the foreground.
set -e
HERE=$(cd "$(dirname "$0")" && pwd)
DIR=${1:?folder}
PORT=${2:?port}
if [ ! -f "$DIR/ready" ] || ! cmp -s "$HERE/requirements.txt" "$DIR/ready"; then
  rm -rf "$DIR/venv"
  mkdir -p "$DIR"
  "${PYTHON:?python}" -m venv "$DIR/venv"
  "$DIR/venv/bin/pip" install --quiet --disable-pip-version-check -r "$HERE/requirements.txt"
  cp "$HERE/requirements.txt" "$DIR/ready"
fi
if [ ! -f "$DIR/rsa.p8" ]; then
  openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$DIR/rsa.p8" 2>/dev/null
  openssl rsa -in "$DIR/rsa.p8" -pubout -out "$DIR/rsa.pub" 2>/dev/null
fi
cd "$DIR"
FS_USERS='{"u":"p"}' FS_PUBKEY=rsa.pub exec venv/bin/python "$HERE/adapter.py" "$PORT"
