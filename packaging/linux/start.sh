#!/bin/sh
# Starts MobileNet GUI from wherever this folder lies. Libraries that this system lacks, and only those, come from `fallback`.
self=$0
while [ -L "$self" ]; do
    target=$(readlink -- "$self")
    case $target in /*) self=$target ;; *) self=$(dirname -- "$self")/$target ;; esac
done
here=$(CDPATH='' cd -- "$(dirname -- "$self")" && pwd) || exit 1

known=$(ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null || :)
missing=
# usable FOLDER: whether the library carried in it runs here. One from a newer system names the C library that it needs, and the
# package that has it elsewhere.
usable() {
    [ -f "$1/glibc" ] || return 0
    read -r wanted package <"$1/glibc" || return 0
    here_is=$(getconf GNU_LIBC_VERSION 2>/dev/null) || return 0
    here_is=${here_is#glibc }
    [ "${here_is%%.*}" = "${wanted%%.*}" ] || return 0
    [ "${here_is#*.}" -lt "${wanted#*.}" ] 2>/dev/null || return 0
    echo "This system lacks a library of the package $package, and the copy carried here needs a newer system." \
        "Install it with your package manager: $package" >&2
    return 1
}
if [ -n "$known" ]; then
    for folder in "$here"/fallback/*/; do
        name=${folder%/}
        name=${name##*/}
        case $known in
        *"$name ("*) ;;
        *) if usable "$here/fallback/$name"; then missing=$missing:$here/fallback/$name; fi ;;
        esac
    done
fi
if [ -n "$missing" ]; then
    # What we start ourselves (a browser, a file manager) gets the path as it was; the program reads it from here.
    export MOBILENET_GUI_LIBRARY_PATH="${LD_LIBRARY_PATH-}"
    export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}${missing#:}"
fi
exec "$here/program/mobilenet-gui" "$@"
