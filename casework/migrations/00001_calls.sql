-- +goose Up
CREATE TABLE calls (
    id            TEXT    PRIMARY KEY,
    line          TEXT    NOT NULL,
    dialled       TEXT    NOT NULL,
    node          TEXT    NOT NULL,
    tier          TEXT    NOT NULL,
    agent         TEXT    NOT NULL,
    danger        BOOLEAN NOT NULL,
    arrived_ms    BIGINT  NOT NULL,
    queued_ms     BIGINT  NOT NULL,
    offered_ms    BIGINT  NOT NULL,
    talked_ms     BIGINT  NOT NULL,
    ended_ms      BIGINT  NOT NULL,
    wait_ms       BIGINT  NOT NULL,
    talk_ms       BIGINT  NOT NULL,
    outcome       TEXT    NOT NULL,
    ended_by      TEXT    NOT NULL,
    q850          BIGINT  NOT NULL,
    caller_ref    TEXT    NOT NULL,
    caller_sealed BYTEA
);
CREATE INDEX calls_ended ON calls (ended_ms, id);
CREATE INDEX calls_arrived ON calls (arrived_ms, id);
CREATE INDEX calls_caller ON calls (caller_ref);
