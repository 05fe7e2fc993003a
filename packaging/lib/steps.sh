# Steps of a script that people watch: a counter with elapsed time, a live tail of the log while a
# step works, and its last 20 lines when it fails. To be sourced; needs /bin/sh only.
#
#   steps_begin 3 "$log_dir"
#   step "Building"
#   step_run cmake --build build || exit 1     # output goes to the step's log
#   step_done
#
# What step_run starts is in $step_pid while it runs, in a process group of its own.

steps_begin() {
  steps_total=$1
  steps_log_dir=$2
  steps_number=0
  step_pid=
  steps_width=80
  if [ -t 1 ]; then
    steps_live=yes
    steps_bold=$(printf '\033[1m') steps_red=$(printf '\033[31m') steps_green=$(printf '\033[32m')
    steps_dim=$(printf '\033[2m') steps_plain=$(printf '\033[0m') steps_erase=$(printf '\033[K')
    steps_width=$(stty size 2>/dev/null </dev/tty | cut -d' ' -f2)
    [ "${steps_width:-0}" -gt 20 ] || steps_width=80
  else
    steps_live=no
    steps_bold='' steps_red='' steps_green='' steps_dim='' steps_plain='' steps_erase=''
  fi
}

step() {
  steps_number=$((steps_number + 1))
  step_title=$1
  step_log=$steps_log_dir/$steps_number.log
  step_started=$(date +%s)
  step_head="${steps_bold}[$steps_number/$steps_total]${steps_plain} $step_title"
  if [ "$steps_live" = yes ]; then
    printf '%s' "$step_head"
  else
    printf '%s\n' "$step_head"
  fi
}

step_elapsed() {
  echo $(($(date +%s) - step_started))
}

# Redraws the step's line with a remark; only on a terminal.
step_remark() {
  [ "$steps_live" = yes ] || return 0
  room=$((steps_width - ${#step_title} - 20))
  [ "$room" -gt 0 ] || room=0
  printf '\r%s %s%ss  %.*s%s%s' "$step_head" "$steps_dim" "$(step_elapsed)" "$room" "$1" \
    "$steps_plain" "$steps_erase"
}

step_done() {
  if [ "$steps_live" = yes ]; then
    printf '\r%s %sok%s %ss %s%s\n' "$step_head" "$steps_green" "$steps_plain" \
      "$(step_elapsed)" "${1:-}" "$steps_erase"
  else
    printf '      ok %ss %s\n' "$(step_elapsed)" "${1:-}"
  fi
}

# step_failed WHY [LOG]: says so, with the end of the log. Does not exit.
step_failed() {
  [ "$steps_live" = yes ] && printf '\r%s %sfailed%s after %ss%s\n' "$step_head" "$steps_red" \
    "$steps_plain" "$(step_elapsed)" "$steps_erase"
  printf '%s%s%s\n' "$steps_red" "$1" "$steps_plain"
  if [ -s "${2:-$step_log}" ]; then
    tail -n 20 "${2:-$step_log}"
    printf 'The whole log: %s\n' "${2:-$step_log}"
  fi
}

# step_run COMMAND...: runs it with its output in the step's log and shows the log's last line.
step_run() {
  setsid "$@" >>"$step_log" 2>&1 </dev/null &
  step_pid=$!
  while kill -0 "$step_pid" 2>/dev/null; do
    step_remark "$(tail -n 1 "$step_log" 2>/dev/null | tr -d '\r\033' | tr '\t' ' ')"
    sleep 0.2
  done
  wait "$step_pid"
  step_status=$?
  step_pid=
  [ "$step_status" -eq 0 ] || step_failed "$1 ended with exit code $step_status"
  return "$step_status"
}

# Ends what step_run has started, with all its children. For traps.
step_kill() {
  [ -z "$step_pid" ] || kill -TERM -- "-$step_pid" 2>/dev/null
}
