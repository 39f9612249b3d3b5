#!/bin/sh
# Creates the namespace and the search attributes that runs are listed by. Safe to run again.
set -eu

temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
	temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"

# The servers notice a new namespace only after some seconds.
attempts=0
until known=$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE" 2>/dev/null); do
	attempts=$((attempts + 1))
	if [ "$attempts" -ge 60 ]; then
		echo "namespace $TEMPORAL_NAMESPACE did not appear within a minute" >&2
		exit 1
	fi
	sleep 1
done

for name in WistroFlow WistroStatus WistroTenant WistroTrigger WistroVersion; do
	case $known in
	*"$name"*) ;;
	*) temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" \
		--name "$name" --type Keyword ;;
	esac
done
