#!/bin/bash
# Runs once, when the data directory is made: a database and a role of its own for each service, which no other service may enter.
set -euo pipefail

for service in accrual redemption merchant gift_order settlement reporting console; do
  variable="${service^^}_PASSWORD"
  psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --set=service="$service" --set=password="${!variable}" <<'SQL'
CREATE ROLE :"service" LOGIN PASSWORD :'password';
CREATE DATABASE :"service" OWNER :"service";
REVOKE CONNECT ON DATABASE :"service" FROM PUBLIC;
SQL
done
