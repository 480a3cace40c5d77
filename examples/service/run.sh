#!/usr/bin/env bash
# A whole service on one machine: two gateways, an indexer and a worker, each a process of its own, over one PostgreSQL,
# one content store and one chain. Put a proxy before the gateways; any of them answers anything.
#
#   DATABASE_URL=postgres://… AGORAI_RPC_URL=https://… AGORAI_PUBLIC_RPC_URL=https://… examples/service/run.sh
#
# FOLDER is where everything is kept (/var/lib/agorai), PORT the first gateway's port (4670; the second has the next one).
set -euo pipefail

: "${DATABASE_URL:?names the PostgreSQL that all processes share}"
: "${AGORAI_RPC_URL:?names the JSON-RPC of the chain}"
folder=${FOLDER:-/var/lib/agorai}
port=${PORT:-4670}
program=${PROGRAM:-node $(cd "$(dirname "$0")/../.." && pwd)/packages/node/bin/agoraiNode.js}

# One operator: the same keys, the same journal, the same content store for every process.
export AGORAI_JOURNAL=postgres
export AGORAI_OPERATOR_KEYS=$folder/keys/operator.json
export AGORAI_MASTER_KEYS=$folder/keys/master.json
export AGORAI_STORAGE_DIR=$folder/storage
export AGORAI_DRAIN_SECONDS=${AGORAI_DRAIN_SECONDS:-60}

pids=()
# The role, a name for its own folder, and two ports: for requests, and for health and metrics.
start() {
  AGORAI_ROLES=$1 AGORAI_DATA_DIR=$folder/$2 AGORAI_PORT=$3 AGORAI_METRICS=127.0.0.1:$4 $program start --json &
  pids+=($!)
}
stop() {
  trap - EXIT TERM INT
  kill -TERM "${pids[@]}" 2>/dev/null || true
  wait
}
trap stop EXIT
trap 'stop; exit 0' TERM INT

start gateway gateway-1 "$port" $((port + 100))
# The first gateway makes the keys; the others find them.
until [ -s "$AGORAI_MASTER_KEYS" ]; do
  kill -0 "${pids[0]}" || exit 1
  sleep 0.2
done
start gateway gateway-2 $((port + 1)) $((port + 101))
start indexer indexer $((port + 2)) $((port + 102))
start worker worker $((port + 3)) $((port + 103))

# One that ends takes the others with it: whoever runs this starts all of it again.
wait -n
