-- +goose Up
-- What a counsellor said of a call afterwards. A later row corrects an earlier one; none is changed.
CREATE TABLE dispositions (
    id      TEXT   PRIMARY KEY,
    call_id TEXT   NOT NULL,
    at_ms   BIGINT NOT NULL,
    agent   TEXT   NOT NULL,
    form    BIGINT NOT NULL, -- version of the form that was filled in
    chosen  TEXT   NOT NULL, -- ids of choices by question, as JSON
    said    BYTEA -- answers in words, by question, as JSON, sealed; none: there were none
);
CREATE INDEX dispositions_call ON dispositions (call_id, at_ms, id);
