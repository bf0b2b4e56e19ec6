#!/bin/sh
# Puts MobileNet GUI into the desktop's menu for this user, from wherever this folder lies; "install.sh --remove" takes it out again.
# Needs no rights and copies no program: moving or deleting the folder is up to you.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
id=$(cat "$here/app-id.txt")
data=${XDG_DATA_HOME:-$HOME/.local/share}
entry=$data/applications/$id.desktop
icon=$data/icons/hicolor/scalable/apps/mobilenet-gui.svg
types=$data/mime/packages/mobilenet-gui.xml
link=$HOME/.local/bin/mobilenet-gui

refresh() {
    if command -v update-mime-database >/dev/null 2>&1 && [ -d "$data/mime" ]; then update-mime-database "$data/mime" || :; fi
    if command -v update-desktop-database >/dev/null 2>&1; then update-desktop-database "$data/applications" || :; fi
}

if [ "${1:-}" = --remove ]; then
    rm -f "$entry" "$icon" "$types"
    if [ -L "$link" ] && [ "$(readlink "$link")" = "$here/mobilenet-gui" ]; then rm -f "$link"; fi
    refresh
    echo "Removed from the menu. Your models and projects stay in $data/mobilenet-gui."
    exit 0
fi
[ $# -eq 0 ] || { echo "Usage: install.sh [--remove]" >&2; exit 2; }
mkdir -p "$data/applications" "$(dirname "$icon")" "$(dirname "$types")" "$HOME/.local/bin"
# The Desktop Entry Specification: inside quotes, these four are escaped; a literal % is doubled, and a backslash is escaped once more.
quoted=$(printf '%s' "$here/mobilenet-gui" | sed -e 's/[\\"`$]/\\&/g' -e 's/%/%%/g' -e 's/\\/\\\\/g')
quoted=$(printf '%s' "$quoted" | sed -e 's/[\\&|]/\\&/g')
sed -e "s|^Exec=mobilenet-gui|Exec=\"$quoted\"|" -e '/^TryExec=/d' "$here/desktop/share/applications/$id.desktop" >"$entry.part"
mv "$entry.part" "$entry"
cp "$here/desktop/share/icons/hicolor/scalable/apps/mobilenet-gui.svg" "$icon"
cp "$here/desktop/share/mime/packages/mobilenet-gui.xml" "$types"
[ -e "$link" ] && [ ! -L "$link" ] || ln -sf "$here/mobilenet-gui" "$link"
refresh
echo "MobileNet GUI is in the menu now, and on the command line as $link."
