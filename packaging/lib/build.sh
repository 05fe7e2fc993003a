# Configures and builds a preset. To be sourced after steps.sh; the current directory is the root.

# configure_preset PRESET [OPTION...]
configure_preset() {
  step_run cmake --preset "$@"
}

# build_preset PRESET [TARGET...]
build_preset() {
  preset=$1
  shift
  if [ $# -eq 0 ]; then
    step_run cmake --build --preset "$preset"
  else
    step_run cmake --build --preset "$preset" --target "$@"
  fi
}
