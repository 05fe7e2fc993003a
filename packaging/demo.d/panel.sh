# The demo's picture: devices, buffer with its recent course, upstream, and the latest window of one
# device. On a terminal its lines are redrawn in place; in a log there is one line every five seconds. To be sourced by packaging/demo.

panel_begin() {
  panel_course=
  panel_drawn=no
  case "${LC_ALL:-${LC_CTYPE:-${LANG:-}}}" in
    *[Uu][Tt][Ff]*) panel_bars='▁ ▂ ▃ ▄ ▅ ▆ ▇ █' ;;
    *) panel_bars='. : - = + * # @' ;;
  esac
}

# The last backlogs as bars, the highest of them full.
panel_sparkline() {
  highest=1
  for value in $panel_course; do [ "$value" -le "$highest" ] || highest=$value; done
  line=
  for value in $panel_course; do
    set -- $panel_bars
    shift $((value * 7 / highest))
    line=$line$1
  done
  printf '%s' "$line"
}

panel_remember() {
  set -- $panel_course "$1"
  [ $# -le 40 ] || shift $(($# - 40))
  panel_course=$*
}

# panel_line TITLE TEXT: cut to the screen.
panel_line() {
  printf '  %-9s %.*s%s\n' "$1" $((steps_width - 13)) "$2" "$steps_erase"
}

# What the parts say about themselves. The upstream's line ends with a window, if there is one.
panel_read() {
  read -r devices_say <"$work/devices" || devices_say=
  read -r upstream_says <"$work/upstream" || upstream_says=
  window_says=${upstream_says#*" | dev-"}
  if [ "$window_says" = "$upstream_says" ]; then
    window_says=
  else
    upstream_says=${upstream_says%" | dev-$window_says"}
    window_says=dev-$window_says
  fi
}

panel_draw() { # MOOD
  waiting=$(backlog)
  [ -z "$waiting" ] || panel_remember "$waiting"
  panel_read
  if [ "$steps_live" = yes ]; then
    [ "$panel_drawn" = no ] || printf '\033[5A'
    panel_drawn=yes
    printf '  %s%s%s%s\n' "$steps_bold" "$1" "$steps_plain" "$steps_erase"
    panel_line devices "$devices_say"
    printf '  buffer    %s %s events%s\n' "$(panel_sparkline)" "${waiting:-?}" "$steps_erase"
    panel_line upstream "$upstream_says"
    panel_line window "$window_says"
  elif [ $(($(date +%s) - panel_logged)) -ge 5 ]; then
    panel_logged=$(date +%s)
    printf '  %3ss  %s\n' "$(step_elapsed)" "$1"
    printf '        %-9s %s\n' devices "$devices_say" buffer "${waiting:-?} events" \
      upstream "$upstream_says" window "$window_says"
  fi
}

# panel_watch SECONDS MOOD: false when Ctrl-C ended it.
panel_watch() {
  panel_until=$(($(date +%s) + $1))
  panel_logged=0
  while [ "$(date +%s)" -lt "$panel_until" ] && [ "$stopped" = no ]; do
    parts_live || give_up 'a part of the demo died' "$work/gateway.log"
    panel_draw "$2"
    sleep 0.5
  done
  [ "$stopped" = no ]
}

# The same, over as soon as the buffer is nearly empty (new events keep coming), after two seconds.
panel_watch_drain() {
  panel_latest=$(($(date +%s) + $1))
  panel_watch 2 "$2" || return 1
  while [ "$(date +%s)" -lt "$panel_latest" ] && [ "$stopped" = no ]; do
    waiting=$(backlog)
    [ -z "$waiting" ] || [ "$waiting" -gt 800 ] || break
    panel_watch 1 "$2" || return 1
  done
  [ "$stopped" = no ]
}
