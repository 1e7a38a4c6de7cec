-- +goose Up
-- In which state each person was since when; a span ends where the next one begins.
CREATE TABLE state_spans (
    agent    TEXT   NOT NULL,
    since_ms BIGINT NOT NULL,
    state    TEXT   NOT NULL,
    reason   TEXT   NOT NULL,
    call_id  TEXT   NOT NULL,
    until_ms BIGINT NOT NULL, -- planned end of a break or a wrap-up; 0: none
    PRIMARY KEY (agent, since_ms, state)
);
CREATE INDEX state_spans_call ON state_spans (call_id, agent);
