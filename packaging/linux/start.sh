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
if [ -n "$known" ]; then
    for folder in "$here"/fallback/*/; do
        name=${folder%/}
        name=${name##*/}
        case $known in
        *"$name ("*) ;;
        *) missing=$missing:$here/fallback/$name ;;
        esac
    done
fi
if [ -n "$missing" ]; then
    # What we start ourselves (a browser, a file manager) gets the path as it was; the program reads it from here.
    export MOBILENET_GUI_LIBRARY_PATH="${LD_LIBRARY_PATH-}"
    export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}${missing#:}"
fi
exec "$here/program/mobilenet-gui" "$@"
