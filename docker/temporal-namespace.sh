#!/bin/sh
# Creates the namespace and the search attributes that runs are listed by. Safe to run again.
set -eu

temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
	temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"

known=$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE")
for name in WistroFlow WistroStatus WistroTenant WistroTrigger WistroVersion; do
	case $known in
	*"$name"*) ;;
	*) temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" \
		--name "$name" --type Keyword ;;
	esac
done
