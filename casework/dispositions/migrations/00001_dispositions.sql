-- +goose Up
-- What a counsellor said of a call afterwards. A later row corrects an earlier one; none is changed.
CREATE TABLE dispositions (
    id       TEXT   PRIMARY KEY,
    call_id  TEXT   NOT NULL,
    at_ms    BIGINT NOT NULL,
    agent    TEXT   NOT NULL,
    form     BIGINT NOT NULL, -- version of the form that was filled in
    danger   TEXT   NOT NULL, -- asked, denied, not_possible
    reason   BYTEA, -- sealed; why it was not possible to ask
    problems TEXT   NOT NULL -- codes, with a space between
);
CREATE INDEX dispositions_call ON dispositions (call_id, at_ms, id);
