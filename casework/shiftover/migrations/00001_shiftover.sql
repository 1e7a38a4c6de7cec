-- +goose Up
-- An open case at high risk that somebody who leaves a shift offers to somebody who stays, by name. Rows are never deleted.
CREATE TABLE shift_cases (
    id         TEXT   PRIMARY KEY,
    kind       TEXT   NOT NULL, -- incident, followup, callback
    case_id    TEXT   NOT NULL,
    giver      TEXT   NOT NULL,
    taker      TEXT   NOT NULL,
    by_who     TEXT   NOT NULL, -- the giver, or a supervisor for somebody who has left
    note       BYTEA,           -- sealed
    state      TEXT   NOT NULL, -- offered, accepted, declined, withdrawn
    offered_ms BIGINT NOT NULL,
    climb_ms   BIGINT NOT NULL, -- when supervisors are shown that nobody accepted it
    climbed_ms BIGINT NOT NULL,
    decided_ms BIGINT NOT NULL,
    reason     BYTEA,           -- sealed: why it was declined
    moved_ms   BIGINT NOT NULL  -- when the case was the taker's where it is kept; 0 with accepted: still to be done
);
CREATE UNIQUE INDEX shift_cases_open ON shift_cases (kind, case_id) WHERE state = 'offered';
CREATE INDEX shift_cases_state ON shift_cases (state, offered_ms);
CREATE INDEX shift_cases_case ON shift_cases (kind, case_id, decided_ms);
