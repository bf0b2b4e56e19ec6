#!/bin/sh
# Sets up a checkout: system packages (Debian and Ubuntu), a virtual environment, the pinned dependencies.
# Does nothing, quickly, where all of it is there already. Called by make; safe to interrupt and to repeat.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd)
venv=.venv
stamp=$venv/.ready

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

find_python() {
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null 2>&1 && "$candidate" -c '
import sys
sys.exit(not ((3, 11) <= sys.version_info[:2] < (3, 14) and sys.maxsize > 2**32))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
}

python=$(find_python)
[ -n "$python" ] || fail "MobileNet GUI needs Python 3.11, 3.12 or 3.13 (64-bit). On Debian 12: apt-get install python3"

# What is set up is described by what it was made from; any change of these makes it anew.
wanted=$({ cat pyproject.toml constraints.txt packaging/debian-packages.txt packaging/setup.sh; "$python" -VV; echo "$root"; } | cksum)
# The built-in model is made once from the weights in a package; the program works without it, too.
make_model() {
    [ -f resources/models/efficientnet-lite0/manifest.json ] || "$venv/bin/python" -m mobilenet_gui.builtin_models >&2 ||
        say "The built-in model could not be made; the starter model answers instead. 'make setup' tries again."
}
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && "$venv/bin/python" -c '' 2>/dev/null; then
    make_model
    exit 0
fi

missing_system_packages() {
    command -v dpkg-query >/dev/null 2>&1 || return 0
    for package in $(sed 's/#.*//' packaging/debian-packages.txt); do
        # libglib2.0-0 became libglib2.0-0t64 in Debian 13 and Ubuntu 24.04; either will do.
        for name in "$package" "${package}t64"; do
            [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] && continue 2
        done
        printf '%s ' "$package"
    done
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        printf '%s ' "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    fi
}

packages=$(missing_system_packages)
if [ -n "$packages" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "Installing system packages: $packages"
        apt-get update -qq || fail "apt-get update failed: is there a network?"
        # shellcheck disable=SC2086 - a list of words is meant
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null ||
            fail "These packages could not be installed: $packages"
    else
        fail "Some system packages are missing. Install them, then try again:
    sudo apt-get install $packages"
    fi
elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    fail "$python has no venv module; install your system's package for it (often python3-venv)."
fi

# Made anew, it is emptied first; through a link that would empty somebody else's.
[ ! -L "$venv" ] || fail "$root/$venv is a link and does not fit this checkout. Remove the link, then try again."
say "Setting up in $root/$venv (about 3 GB; a few minutes the first time)"
rm -f "$stamp"
"$python" -m venv --clear "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt ||
    fail "The dependencies could not be installed; the lines above say why. With a network, 'make setup' tries again."
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
# Our own modules too: the first window then opens as fast as the next.
"$venv/bin/python" -m compileall -q mobilenet_gui
make_model
# The network that this program began with, where the network allows: MOBILENET_GUI_FETCH=no skips it.
"$venv/bin/python" -m mobilenet_gui.seed_model || true
printf "%s" "$wanted" >"$stamp"
say "Ready."
