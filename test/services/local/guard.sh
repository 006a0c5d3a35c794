#!/bin/sh
# guard.sh DIR COMMAND...: becomes COMMAND, which ends when this script's file descriptor 3 reaches its end: when the
# Node process that holds the other end has ended, however it ended. DIR, if not empty, is then removed.
#
# Must be started as the leader of its own process group: the watcher ends the group, children of COMMAND included.
dir=$1
shift
group=$$
# Forked twice, so that COMMAND never meets a child that it did not start (Celery's pool and Erlang both reap).
(
  (
    trap '' TERM INT HUP
    exec </dev/null >/dev/null 2>&1
    cat <&3
    kill -TERM -$group
    sleep 3
    [ -z "$dir" ] || rm -rf "$dir"
    kill -KILL -$group
  ) &
)
exec "$@" 3<&-
