#!/bin/sh
# Creates or upgrades Temporal's databases. Safe to run again.
set -eu

schema=/etc/temporal/schema/postgresql/v12

prepare() { # database, folder of its schema
	sql="temporal-sql-tool --plugin postgres12 --endpoint postgresql --port 5432 --user temporal --db $1"
	$sql create
	$sql setup-schema --version 0.0
	$sql update-schema --schema-dir "$schema/$2/versioned"
}

prepare temporal temporal
prepare temporal_visibility visibility
