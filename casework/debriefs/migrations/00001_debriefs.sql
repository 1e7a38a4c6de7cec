-- +goose Up
-- Counsellors who asked to talk about a call with a supervisor.
CREATE TABLE debriefs (
    id      TEXT   PRIMARY KEY,
    agent   TEXT   NOT NULL,
    call_id TEXT   NOT NULL, -- empty: of no call in particular
    at_ms   BIGINT NOT NULL,
    words   BYTEA, -- sealed; none: nothing was said
    done_ms BIGINT NOT NULL,
    done_by TEXT   NOT NULL
);
CREATE UNIQUE INDEX debriefs_open ON debriefs (agent, call_id) WHERE done_ms = 0;
CREATE INDEX debriefs_at ON debriefs (at_ms);
