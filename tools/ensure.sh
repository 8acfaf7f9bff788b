#!/bin/sh
# What pip cannot bring: a Python that can make environments, a browser for the report's browser test, and PostgreSQL.
# Called by the Makefile. Installs with apt-get when run by root, and otherwise names what is missing in one sentence.
#
#   ensure.sh venv PYTHON FOLDER   make the environment (PYTHON may be empty: the first suitable one is taken)
#   ensure.sh browser              see to it that Chromium or Chrome can be started
#   ensure.sh postgres             see to it that a PostgreSQL can be started
set -eu

say() { echo "$*" >&2; }

suitable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for python in "$@" python3 python3.14 python3.13 python3.12 python3.11 python; do
        if [ -n "$python" ] && suitable "$python"; then
            command -v "$python"
            return
        fi
    done
    say "wholenation needs Python 3.11 or later: install it, or name it with 'make setup PYTHON=/path/to/python3'."
    return 1
}

apt_install() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    say "Installing $* with apt-get ..."
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -qq "$@" >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq "$@"; } >/dev/null 2>&1
}

ensure_venv() {
    python=$(find_python "$1")
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        apt_install "$package" || {
            say "$python cannot make virtual environments: install the package $package (Debian, Ubuntu) and run make again."
            return 1
        }
    fi
    "$python" -m venv "$2"
}

ensure_browser() {
    for browser in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$browser" >/dev/null && return
    done
    apt_install chromium || say "The report's browser test will be skipped: it needs Chromium; install the package chromium to run it."
}

ensure_postgres() {
    sh "$(dirname "$0")/postgres.sh" find >/dev/null 2>&1 && return
    apt_install postgresql || say "Tests on PostgreSQL will be skipped: install the package postgresql to run them."
}

case "$1" in
    venv) ensure_venv "$2" "$3" ;;
    browser) ensure_browser ;;
    postgres) ensure_postgres ;;
    *) say "usage: ensure.sh venv PYTHON FOLDER | browser | postgres" && exit 2 ;;
esac
