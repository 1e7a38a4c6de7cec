-- +goose Up
CREATE TABLE recordings (
    id          TEXT    PRIMARY KEY,
    call_id     TEXT    NOT NULL,
    line        TEXT    NOT NULL,
    agent       TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    started_ms  BIGINT  NOT NULL,
    duration_ms BIGINT  NOT NULL,
    chunks      BIGINT  NOT NULL,
    gaps        BIGINT  NOT NULL,
    gap_ms      BIGINT  NOT NULL,
    complete    BOOLEAN NOT NULL,
    bytes       BIGINT  NOT NULL,
    path        TEXT    NOT NULL,
    stored_ms   BIGINT  NOT NULL
);
CREATE INDEX recordings_started ON recordings (started_ms, id);
CREATE INDEX recordings_call ON recordings (call_id);
