# The demo's three programs: start, end, and what they say about themselves. To be sourced by
# packaging/demo, which sets $work (temporary directory) and $bin.

upstream_pid='' gateway_pid='' devices_pid=''

# Each part has a session of its own: Ctrl-C is for the demo alone, which ends them in order.
start_upstream() {
  set -- $("$bin/sluice-receiver" free-ports 3)
  [ $# -eq 3 ] || give_up 'there are no free ports'
  mqtt_port=$1 coap_port=$2 upstream_port=$3
  setsid "$bin/sluice-receiver" --listen "127.0.0.1:$upstream_port" --quiet \
    --ledger "$work/received.ndjson" --status-file "$work/upstream" \
    >"$work/upstream.out" 2>"$work/upstream.log" </dev/null &
  upstream_pid=$!
  wait_for upstream.log test -s "$work/upstream.out"
}

start_gateway() {
  sed -e "s|@WORK@|$work|; s|@MQTT@|$mqtt_port|; s|@COAP@|$coap_port|; s|@UPSTREAM@|$upstream_port|" \
    packaging/demo.d/sluice.toml.in >"$work/sluice.toml"
  setsid "$bin/sluice" run --config "$work/sluice.toml" >"$work/gateway.log" 2>&1 </dev/null &
  gateway_pid=$!
  wait_for gateway.log gateway_answers
}

# start_devices SECONDS
start_devices() {
  setsid "$bin/sluice-sim" run --mqtt "mqtt://127.0.0.1:$mqtt_port" \
    --coap "coap://127.0.0.1:$coap_port" --devices 200 --rate 400 --seconds "$1" --seed 7 \
    --bad 0.01 --duplicates 0.01 --filtered 0.03 --quiet --day 60s \
    --ledger "$work/sent.ndjson" --status-file "$work/devices" \
    >"$work/devices.log" 2>&1 </dev/null &
  devices_pid=$!
  wait_for devices.log test -s "$work/devices"
}

# wait_for LOG COMMAND...: until the command succeeds; gives up after 10 s or when a part has died.
wait_for() {
  log=$1
  shift
  turns=0
  until "$@" 2>/dev/null; do
    turns=$((turns + 1))
    if [ "$turns" -gt 100 ] || ! parts_live; then give_up 'a part did not start' "$work/$log"; fi
    sleep 0.1
  done
}

# The gateway's own view, for the picture only: the account never uses it.
gateway_status() {
  "$bin/sluice" status --socket "$work/admin.sock" --json
}

gateway_answers() {
  gateway_status >/dev/null 2>&1 || [ -S "$work/admin.sock" ]
}

# The events that wait for the upstream, over all sinks; nothing when the gateway does not say.
backlog() {
  total=
  for count in $(gateway_status 2>/dev/null | tr ',{}' '\n\n\n' |
    sed -n 's/.*"backlog_events": *\([0-9][0-9]*\).*/\1/p'); do
    total=$((${total:-0} + count))
  done
  echo "$total"
}

is_live() {
  [ -n "$1" ] && kill -0 "$1" 2>/dev/null
}

# Gateway and upstream must always live, once they are started.
parts_live() {
  { [ -z "$upstream_pid" ] || is_live "$upstream_pid"; } &&
    { [ -z "$gateway_pid" ] || is_live "$gateway_pid"; }
}

cut_upstream() { kill -USR1 "$upstream_pid"; }
mend_upstream() { kill -USR2 "$upstream_pid"; }

# Lets the devices get their last acknowledgements and close their ledger.
end_devices() {
  [ "$once" = yes ] || kill -INT "$devices_pid" 2>/dev/null
  while is_live "$devices_pid"; do
    step_remark 'waiting for the last acknowledgements'
    sleep 0.2
  done
  wait "$devices_pid" || give_up 'the devices failed' "$work/devices.log"
  devices_pid=
}

# What is acknowledged may still be on its way: up to half a minute, while the ledgers differ.
wait_until_balanced() {
  give_up_at=$(($(date +%s) + 30))
  until "$bin/sluice-sim" verify "$work/sent.ndjson" "$work/received.ndjson" >/dev/null 2>&1; do
    [ "$(date +%s)" -lt "$give_up_at" ] || return 0  # the account will say what is missing
    parts_live || give_up 'the gateway died' "$work/gateway.log"
    step_remark "buffer: $(backlog) events"
    sleep 0.5
  done
}

stop_gateway() {
  kill -TERM "$gateway_pid"
  wait "$gateway_pid" || give_up 'the gateway did not stop cleanly' "$work/gateway.log"
  gateway_pid=
}

# Prints the upstream's own summary.
stop_upstream() {
  kill -TERM "$upstream_pid"
  wait "$upstream_pid"
  upstream_pid=
  tail -n 1 "$work/upstream.out"
}

# For the exit trap: nothing may be left, whatever happened.
parts_end() {
  step_kill
  for pid in $devices_pid $gateway_pid $upstream_pid; do kill -TERM "$pid" 2>/dev/null; done
  turns=0
  for pid in $devices_pid $gateway_pid $upstream_pid; do
    while is_live "$pid" && [ "$turns" -lt 30 ]; do
      turns=$((turns + 1))
      sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null
  done
  devices_pid='' gateway_pid='' upstream_pid=''
}

keep_work=no
rm_work() { [ "$keep_work" = yes ] || rm -rf "$work"; }

# give_up [WHY [LOG]]: without WHY the step has said it already.
give_up() {
  keep_work=yes
  [ $# -eq 0 ] || step_failed "$@"
  exit 1
}
