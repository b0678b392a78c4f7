#!/bin/sh
# Start one process of Polyphony: web, worker, models, beat, prepare, collect, health,
# or any management command. The process replaces this script and gets its signals.
set -eu
cd "$(dirname "$0")/.."
name=${1:-web}
celery="celery --skip-checks -A annotation.config.celery"
quiet="--without-gossip --without-mingle"

case $name in
web)
    exec gunicorn -c python:annotation.config.gunicorn_conf \
        annotation.config.wsgi:application
    ;;
worker)
    # shellcheck disable=SC2086 # the words are meant to split
    exec $celery worker -Q default -n default@%h -c "${WORKER_PROCESSES:-2}" $quiet
    ;;
models)
    # One worker for each GPU that is named, each with a GPU of its own.
    if [ -n "${MODEL_GPUS:-}" ]; then
        exec python -m annotation.config.supervisor.models
    fi
    # Threads: a process that has loaded torch must never fork.
    # shellcheck disable=SC2086
    exec $celery worker -Q models -n models@%h -P threads -c 1 $quiet
    ;;
beat)
    exec $celery beat -s "${VAR_DIR:-var}/beat-schedule" --pidfile=
    ;;
prepare)
    # Migrations, under a lock, so that several hosts may start at once.
    exec python -m annotation.config.supervisor.prepare --database
    ;;
collect)
    # Needs no server; the settings only ask that the variables have values.
    SECRET_KEY="only for collecting static files, never for serving" \
        DATABASE_URL=postgresql:///none REDIS_URL=redis://none \
        exec python -m annotation.config.supervisor.prepare --static
    ;;
health)
    exec python -m annotation.config.supervisor.health "${2:-web}"
    ;;
*)
    exec python manage.py "$@"
    ;;
esac
