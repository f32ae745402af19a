#!/bin/sh
# Say in one sentence what a make target lacks: scripts/require.sh docker|kubectl|cluster
set -eu

stop() {
    echo "error: $1" >&2
    exit 1
}

case "$1" in
docker)
    command -v docker >/dev/null ||
        stop "there is no docker here: install Docker or a command of that name (for example podman-docker)"
    docker version >/dev/null 2>&1 ||
        stop "docker does not reach its engine: start it, or let this user reach it (docker version says more)"
    ;;
cluster)
    command -v kubectl >/dev/null ||
        stop "there is no kubectl here: install it, and point it at a cluster"
    kubectl version --request-timeout=10s >/dev/null 2>&1 ||
        stop "kubectl reaches no cluster: name one in KUBECONFIG, or choose one with kubectl config use-context"
    ;;
port)
    case "$2" in
    '' | *[!0-9]*) stop "PORT=$2 is no port: name a number from 1 to 65535" ;;
    esac
    [ "$2" -ge 1 ] && [ "$2" -le 65535 ] || stop "PORT=$2 is no port: name a number from 1 to 65535"
    ;;
esac
