-- +goose Up
-- What the agent of a call wrote for the person who is asked to take it over. Written once, never changed.
CREATE TABLE handovers (
    id       TEXT   PRIMARY KEY,
    call_id  TEXT   NOT NULL,
    from_who TEXT   NOT NULL,
    to_who   TEXT   NOT NULL,
    at_ms    BIGINT NOT NULL,
    text     BYTEA  NOT NULL -- sealed
);
CREATE INDEX handovers_call ON handovers (call_id, at_ms);
