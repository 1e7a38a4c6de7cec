-- +goose Up
CREATE TABLE tasks (
    id            TEXT    PRIMARY KEY,
    source        TEXT    NOT NULL UNIQUE,
    kind          TEXT    NOT NULL,
    reason        TEXT    NOT NULL,
    line          TEXT    NOT NULL,
    call_id       TEXT    NOT NULL,
    recording     TEXT    NOT NULL,
    danger        BOOLEAN NOT NULL,
    state         TEXT    NOT NULL,
    created_ms    BIGINT  NOT NULL,
    due_ms        BIGINT  NOT NULL,
    closed_ms     BIGINT  NOT NULL,
    closed_by     TEXT    NOT NULL,
    caller_ref    TEXT    NOT NULL,
    caller_sealed BYTEA
);
CREATE INDEX tasks_open ON tasks (state, due_ms);
CREATE INDEX tasks_call ON tasks (call_id);
