-- +goose Up
-- What must not be erased, whatever its age: rows are only added and lifted.
CREATE TABLE retention_holds (
    id          TEXT   PRIMARY KEY,
    kind        TEXT   NOT NULL, -- call, file
    object      TEXT   NOT NULL,
    at_ms       BIGINT NOT NULL,
    by_who      TEXT   NOT NULL,
    reason      BYTEA  NOT NULL, -- sealed
    lift_asked  TEXT   NOT NULL, -- who wishes it lifted; another one lifts it
    lifted_ms   BIGINT NOT NULL,
    lifted_by   TEXT   NOT NULL
);
CREATE INDEX retention_holds_object ON retention_holds (kind, object) WHERE lifted_ms = 0;

-- Wishes to erase before the time: asked by one person, granted by another.
CREATE TABLE retention_requests (
    id         TEXT   PRIMARY KEY,
    kind       TEXT   NOT NULL,
    object     TEXT   NOT NULL,
    state      TEXT   NOT NULL, -- asked, granted, refused, done
    at_ms      BIGINT NOT NULL,
    by_who     TEXT   NOT NULL,
    reason     BYTEA  NOT NULL, -- sealed
    decided_ms BIGINT NOT NULL,
    decided_by TEXT   NOT NULL
);
CREATE INDEX retention_requests_state ON retention_requests (state, at_ms);

-- What was erased: the stone over it. Never a number, a name or a word.
CREATE TABLE retention_stones (
    object TEXT   PRIMARY KEY, -- call:ID, file:ID
    class  TEXT   NOT NULL,
    why    TEXT   NOT NULL, -- retention, or request:ID
    at_ms  BIGINT NOT NULL,
    by_who TEXT   NOT NULL, -- system, or who granted it
    found  BIGINT NOT NULL, -- rows that held something
    left_n BIGINT NOT NULL  -- rows that still do afterwards; 0
);
CREATE INDEX retention_stones_at ON retention_stones (at_ms);
