#!/bin/sh
# A PostgreSQL of one's own on loopback, for tests: from Debian's package, in a temporary folder, gone when stopped.
#
#   postgres.sh find          print the folder of its programs, or fail with a sentence
#   postgres.sh start PORT    start one; prints its folder (user wholenation, no password, database postgres)
#   postgres.sh stop FOLDER   stop it and remove its folder
set -eu

say() { echo "$*" >&2; }

programs() {
    for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV); do
        [ -x "$folder/initdb" ] && echo "$folder" && return
    done
    command -v initdb >/dev/null && dirname "$(readlink -f "$(command -v initdb)")" && return
    say "There is no PostgreSQL here: install the package postgresql (Debian, Ubuntu)."
    return 1
}

# PostgreSQL refuses to be run by root.
owner() {
    [ "$(id -u)" = 0 ] || { id -un; return; }
    id postgres >/dev/null 2>&1 && echo postgres || echo nobody
}

as_owner() {
    if [ "$(id -u)" = 0 ]; then runuser -u "$(owner)" -- "$@"; else "$@"; fi
}

start() {
    bin=$(programs)
    folder=$(mktemp -d)
    chown "$(owner)" "$folder"
    cd "$folder"
    as_owner "$bin/initdb" --pgdata "$folder/data" --username wholenation --auth trust --encoding UTF8 --locale C --no-sync \
        >"$folder/initdb.log" 2>&1 || { cat "$folder/initdb.log" >&2; return 1; }
    # Nobody pulls the plug of a test's database, so it need not wait for the disk.
    as_owner "$bin/pg_ctl" --pgdata "$folder/data" --log "$folder/data/log" --wait --silent \
        --options "-p $1 -c listen_addresses=127.0.0.1 -c fsync=off -c unix_socket_directories=$folder" start >/dev/null ||
        { cat "$folder/data/log" >&2; return 1; }
    echo "$folder"
}

stop() {
    [ -d "$1/data" ] || { say "$1 holds no PostgreSQL" && return 1; }
    (cd "$1" && as_owner "$(programs)/pg_ctl" --pgdata "$1/data" --mode immediate --silent stop)
    rm -rf "$1"
}

case "${1:-}" in
    find) programs ;;
    start) start "$2" ;;
    stop) stop "$2" ;;
    *) say "usage: postgres.sh find | start PORT | stop FOLDER" && exit 2 ;;
esac
