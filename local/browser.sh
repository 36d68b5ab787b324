#!/bin/sh
# Installs Chromium with the system's package manager, unless a browser is there already.
set -eu

for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then
        exit 0
    fi
done

as_root=''
if [ "$(id -u)" != 0 ]; then
    as_root='sudo'
fi

echo "Installing Chromium ..."
if command -v apt-get >/dev/null 2>&1; then
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -qq -y --no-install-recommends \
        chromium fonts-noto-color-emoji >/dev/null
elif command -v dnf >/dev/null 2>&1; then
    $as_root dnf install -q -y chromium
elif command -v pacman >/dev/null 2>&1; then
    $as_root pacman -S --needed --noconfirm chromium
elif command -v brew >/dev/null 2>&1; then
    brew install --cask chromium
else
    .venv/bin/python -m playwright install chromium || {
        echo "browser: please install Chromium yourself; no way to do so is known here." >&2
        exit 9
    }
fi
