#!/bin/sh
set -e
if [ "$1" = purge ]; then
    echo "MobileNet GUI leaves your models and projects in ~/.local/share/mobilenet-gui, your settings in ~/.config/mobilenet-gui" >&2
    echo "and what can be made again in ~/.cache/mobilenet-gui. Delete these folders yourself if you no longer want them." >&2
fi
exit 0
