# SPDX-License-Identifier: Apache-2.0
# script/lib.sh: the packages of Debian, node and npm, for the scripts beside it, which source this file.

# a|b: one of the two is enough. Debian 12 has llhttp's C files in node-llhttp, later versions a library.
PACKAGES_BUILD='meson ninja-build pkgconf gcc libc6-dev libllhttp-dev|node-llhttp libuv1-dev
    libcurl4-openssl-dev libjansson-dev libsodium-dev libsqlite3-dev libxml2-dev
    libinih-dev libssl-dev libpq-dev ca-certificates tzdata'
PACKAGES_TEST_BUILD='libcmocka-dev lld'
PACKAGES_TEST='clang libclang-rt-dev|libclang-rt-14-dev clang-format clang-tidy cppcheck valgrind
    chromium curl gcovr git haproxy jq nginx-light openssl postgresql prometheus python3 python3-requests python3-seccomp
    systemd php-cli ruby
    mandoc zsh fish docker-compose python3-yaml'
# What a built caldock needs, on Debian 12.
PACKAGES_RUN='libcurl4 libinih1 libjansson4 libpq5 libsodium23 libsqlite3-0 libssl3 libuv1 libxml2 ca-certificates tzdata'
# For script/package and its checks.
PACKAGES_PACKAGE='build-essential dpkg-dev debhelper systemd-dev|systemd'
PACKAGES_PACKAGE_TEST='lintian piuparts autopkgtest debootstrap mandoc systemd python3 python3-seccomp'

# A folder of sources at a time is compiled, and no debug symbols are written: half the work (ADR 49).
BUILD_RUN_OPTIONS='--unity=on -Dunity_size=1000 -Ddebug=false'

# Where npm is unpacked on a system that has none.
NPM_FOLDER=$PWD/build-npm
PATH=$PATH:$NPM_FOLDER/bin

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

# apt-cache takes a second where it may keep no cache, as in a container, so it is asked only where
# there is a choice.
first_available() { # A|B
    for name in $(echo "$1" | tr '|' ' '); do
        [ "$name" != "${1##*|}" ] || break
        ! apt-cache show "$name" >/dev/null 2>&1 || break
    done
    echo "$name"
}

# lists_update: brings apt's lists up to date, once.
lists_update() {
    [ -z "${are_lists_new:-}" ] && command -v apt-get >/dev/null || return 0
    as_root apt-get update -q >&2 || return 1
    are_lists_new=yes
}

# need_packages NAME…: installs the packages that are missing, after it has said which. On other
# systems it says which packages are needed, and the build finds out what is missing.
need_packages() {
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        say "This is no Debian or Ubuntu. What is needed, by Debian's names: $*"
        return 0
    fi
    missing=
    for package; do is_installed "$package" || missing="$missing $package"; done
    [ -n "$missing" ] || return 0
    say "Installing with apt-get:$missing"
    lists_update || return 1
    chosen=
    for package in $missing; do chosen="$chosen $(first_available "$package")"; done
    without_services as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $chosen >&2
}

# without_services COMMAND…: packages that it installs don't start what they bring along; the tests start
# proxies and databases of their own.
without_services() {
    policy=/usr/sbin/policy-rc.d
    [ ! -e $policy ] || { "$@"; return; }
    printf '#!/bin/sh\nexit 101\n' | as_root install -m 755 /dev/stdin $policy || return 1
    "$@"
    code=$?
    as_root rm -f $policy
    return $code
}

# node_is_there: whether there is a node of version 18 or later.
node_is_there() {
    [ "$(node -p 'process.versions.node.split(".")[0] >= 18' 2>/dev/null)" = true ]
}

# need_node: installs Debian's node where there is none, and unpacks npm where there is none.
need_node() {
    node_is_there || need_packages nodejs || return 1
    need_npm
}

# npm_packages: of what Debian's npm depends on, what npm itself loads: the rest, three of four files, is of
# compilers, bundlers, linters and test tools, with which the packages in its closure are built.
npm_packages() {
    for package in $(apt-get install -qq --print-uris --no-install-recommends npm | sed -n "s/^'[^']*' \([^_]*\)_.*/\1/p"); do
        case $package in
        node-babel* | node-caniuse-lite* | node-core-js* | node-es-abstract* | node-istanbul* | node-jest* | \
            node-lodash* | node-regenerate* | node-webassemblyjs*) ;;
        npm | node-* | libjs-*) echo "$package" ;;
        esac
    done
}

# unpack_npm: Debian's npm is some 340 packages, so they are not installed, but unpacked for these scripts
# alone (ADR 48). No lock of apt or dpkg is taken: an installation may go on beside it.
unpack_npm() {
    command -v apt-get >/dev/null || { need_packages npm; return; }
    say "Unpacking Debian's npm into $NPM_FOLDER/, without installing it"
    lists_update || return 1
    debs=$(mktemp -d) || return 1
    [ "$(id -u)" -ne 0 ] || chown _apt "$debs" || return 1 # apt doesn't download as root
    rm -rf "$NPM_FOLDER" && mkdir "$NPM_FOLDER" &&
        (cd "$debs" && apt-get download -q $(npm_packages) >&2) &&
        find "$debs" -name '*.deb' -print0 |
        xargs -0 -P "$(nproc)" -I '{}' dpkg-deb -x '{}' "$NPM_FOLDER" &&
        ln -s nodejs "$NPM_FOLDER/usr/share/node_modules" && # so that each finds the others
        mkdir "$NPM_FOLDER/bin" && ln -s ../usr/bin/npm "$NPM_FOLDER/bin/npm"
    code=$?
    rm -rf "$debs"
    return $code
}

# need_npm: unpacks npm where there is none.
need_npm() { command -v npm >/dev/null || unpack_npm; }

# npm_install FOLDER: installs exactly the versions of its lock file, once.
npm_install() {
    [ -z "$(find "$1/node_modules/.package-lock.json" -newer "$1/package-lock.json" 2>/dev/null)" ] || return 0
    say "Installing with npm ci in $1/"
    (cd "$1" && npm ci --no-audit --no-fund --loglevel=error >&2)
}
