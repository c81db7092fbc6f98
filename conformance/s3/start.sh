#!/bin/sh
# An S3, STS and IAM server written by others (ministack), from the Python registry. Usage: start.sh DIR PORT
# Installs into DIR/venv when it is missing, then stays in the foreground. Root keys: test / test (whose signatures it does not check).
set -e
DIR=${1:?folder}
PORT=${2:?port}
VERSION=1.5.33
if [ ! -f "$DIR/venv/installed-$VERSION" ]; then
  rm -rf "$DIR/venv"
  python3 -m venv "$DIR/venv"
  "$DIR/venv/bin/pip" install --quiet --disable-pip-version-check "ministack==$VERSION"
  touch "$DIR/venv/installed-$VERSION"
fi
cd "$DIR"
AUTH=true SERVICES=s3,iam,sts,kms BIND_HOST=127.0.0.1 GATEWAY_PORT=$PORT LOG_LEVEL=WARNING exec ./venv/bin/ministack
