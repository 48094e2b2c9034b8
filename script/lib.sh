# SPDX-License-Identifier: Apache-2.0
# script/lib.sh: what script/run and script/test share: Debian's packages, node, npm. Sourced.

# a|b: either will do. Debian 12 has llhttp's C files in node-llhttp, later ones a library.
PACKAGES_BUILD='meson ninja-build pkgconf gcc libc6-dev libllhttp-dev|node-llhttp libuv1-dev
    libcurl4-openssl-dev libjansson-dev libcjose-dev libsodium-dev libsqlite3-dev libxml2-dev
    libinih-dev libssl-dev libicu-dev libpq-dev ca-certificates'
PACKAGES_TEST_BUILD='libcmocka-dev lld'
PACKAGES_TEST='clang libclang-rt-dev|libclang-rt-14-dev clang-format clang-tidy cppcheck valgrind
    chromium git postgresql'

say() { printf '%s\n' "$*" >&2; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else say "Not root, and no sudo: cannot run $*"; return 1; fi
}

is_installed() { # A|B
    for name in $(echo "$1" | tr '|' ' '); do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" != installed ] || return 0
    done
    return 1
}

first_available() { # A|B
    for name in $(echo "$1" | tr '|' ' '); do
        ! apt-cache show "$name" >/dev/null 2>&1 || break
    done
    echo "$name"
}

# need_packages NAME…: installs what is missing, and says so before; nothing when nothing is.
# On other systems it says what is needed, and leaves the rest to the build.
need_packages() {
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        say "This is no Debian or Ubuntu. What is needed, by Debian's names: $*"
        return 0
    fi
    missing=
    for package; do is_installed "$package" || missing="$missing $package"; done
    [ -n "$missing" ] || return 0
    say "Installing with apt-get:$missing"
    as_root apt-get update -q >&2 || return 1
    chosen=
    for package in $missing; do chosen="$chosen $(first_available "$package")"; done
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $chosen >&2
}

# need_node: any node from 18 on will do; where there is none, Debian's.
need_node() {
    if [ "$(node -p 'process.versions.node.split(".")[0] >= 18' 2>/dev/null)" != true ]; then
        need_packages nodejs npm || return 1
    fi
    command -v npm >/dev/null || need_packages npm
}

# npm_install FOLDER: exactly what its lock file says, once.
npm_install() {
    [ -z "$(find "$1/node_modules/.package-lock.json" -newer "$1/package-lock.json" 2>/dev/null)" ] || return 0
    say "Installing with npm ci in $1/"
    (cd "$1" && npm ci --no-audit --no-fund --loglevel=error >&2)
}
