# Installs the Debian packages of a list that are missing. To be sourced after steps.sh.
# Lines of the list that start with "ci " are only for the checks of .ci/run (PACKAGES_FOR=ci).
#
# Root installs; a user does it by sudo. When nothing is missing, neither root nor network is touched.

# packages_missing LIST: the names that are not installed, on one line.
packages_missing() {
  case ${PACKAGES_FOR:-} in
    ci) wanted=$(sed 's/#.*//; s/^ci //' "$1") ;;
    *) wanted=$(sed 's/#.*//; /^ci /d' "$1") ;;
  esac
  installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' $wanted 2>/dev/null |
    sed -n 's/ installed$//p' | tr '\n' ' ')
  missing=
  for package in $wanted; do
    case " $installed" in
      *" $package "*) ;;
      *) missing="$missing $package" ;;
    esac
  done
  echo "${missing# }"
}

# install_packages LIST: within a step. Fails with the line that root must run when it cannot.
install_packages() {
  missing=$(packages_missing "$1")
  [ -n "$missing" ] || return 0
  as_root=
  if [ "$(id -u)" -ne 0 ]; then
    if sudo -n true 2>/dev/null; then
      as_root='sudo -n'
    elif [ -t 0 ] && command -v sudo >/dev/null && printf '\n' && sudo -v; then
      as_root='sudo -n'  # the password was given just now
    else
      step_failed 'These packages are missing, and installing them needs root. As root, run:'
      printf '  apt-get update && apt-get install -y --no-install-recommends %s\n' "$missing"
      return 1
    fi
  fi
  step_run $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update || return 1
  step_run $as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -q install -y --no-install-recommends $missing
}
