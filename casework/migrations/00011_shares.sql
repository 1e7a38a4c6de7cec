-- +goose Up
-- Who talked with the caller of a call for how long: a call that changed hands is one call.
CREATE TABLE call_shares (
    call_id TEXT   NOT NULL,
    agent   TEXT   NOT NULL,
    talk_ms BIGINT NOT NULL,
    PRIMARY KEY (call_id, agent)
);
CREATE INDEX call_shares_agent ON call_shares (agent, call_id);
