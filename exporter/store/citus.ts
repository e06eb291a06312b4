/** SQL: Citus is in this database, and its journal may be in shards. Asked within other statements: it costs nothing. */
export const HAS_CITUS = "to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL";
