-- +goose Up
CREATE TABLE policy_versions (
    n        BIGINT PRIMARY KEY,
    document TEXT   NOT NULL,
    saved_ms BIGINT NOT NULL,
    saved_by TEXT   NOT NULL,
    note     TEXT   NOT NULL,
    origin   TEXT   NOT NULL,
    restored BIGINT NOT NULL,
    section  TEXT   NOT NULL
);
CREATE TABLE emergency_log (
    n      BIGINT  PRIMARY KEY,
    is_on  BOOLEAN NOT NULL,
    at_ms  BIGINT  NOT NULL,
    by_who TEXT    NOT NULL,
    reason TEXT    NOT NULL
);
