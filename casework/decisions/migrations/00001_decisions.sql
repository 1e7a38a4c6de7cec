-- +goose Up
-- Why each call was offered to whom, as the queue explained it: ids and figures, never a number or a name.
CREATE TABLE decisions (
    offer   TEXT   PRIMARY KEY,
    call_id TEXT   NOT NULL,
    agent   TEXT   NOT NULL,
    at_ms   BIGINT NOT NULL,
    body    TEXT   NOT NULL
);
CREATE INDEX decisions_call ON decisions (call_id, at_ms);
CREATE INDEX decisions_at ON decisions (at_ms);
-- How far the stream of events was read.
CREATE TABLE decisions_place (
    id    BIGINT PRIMARY KEY,
    place TEXT   NOT NULL
);
INSERT INTO decisions_place VALUES (1, '');
