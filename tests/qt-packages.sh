#!/bin/sh
# Installs what the window and its tests need beyond a bare Debian or Ubuntu: `make qt-packages`.
# PySide6 brings Qt, but not the system's libraries that Qt stands upon. For each line: what asks for it.
set -eu
packages="
    libglib2.0-0
    libegl1 libgl1 libfontconfig1 libxkbcommon0 libdbus-1-3 fonts-dejavu-core
    libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0
    libx11-xcb1 libxkbcommon-x11-0
    libpulse0 libgssapi-krb5-2 libxrandr2 libxext6
    xvfb xdotool
"
# Qt itself; its windows, and letters in them; its platform X11, two lines; sound; the tests' own screen and fingers

missing=""
for package in $packages; do
    # a package that has been renamed since is provided by its successor
    dpkg-query -W -f '${db:Status-Status} ${Package} ${Provides}\n' 2>/dev/null |
        grep -Eq "^installed (.*[ ,])?$(echo "$package" | sed 's/\./\\./g')([ ,]|$)" || missing="$missing $package"
done
if [ -z "$missing" ]; then
    echo "Qt has all that it needs of this system."
    exit 0
fi
install="apt-get install -y --no-install-recommends$missing"
if ! command -v apt-get >/dev/null; then
    echo "Qt may lack something of this system, which has no apt-get. Debian calls it:$missing" >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "Qt needs more of this system. Run: sudo $install" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086  # words on purpose
$as_root apt-get -qq update
# shellcheck disable=SC2086
$as_root $install
