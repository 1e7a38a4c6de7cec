-- +goose Up
-- What a caller's earlier calls say is read at every arrival: one index gives both the newest and their number.
CREATE INDEX calls_known ON calls (caller_ref, ended_ms);
DROP INDEX calls_caller;
-- When the rules for callers who left looked at the ended call; 0: not yet. A call of before this table knew it is not looked at any more.
ALTER TABLE calls ADD COLUMN followed_ms BIGINT NOT NULL DEFAULT 0;
UPDATE calls SET followed_ms = 1;
CREATE INDEX calls_unfollowed ON calls (ended_ms, id) WHERE followed_ms = 0;

-- Blocks of callers who abuse the line, by pseudonym: proposed by one person, put in force by another, always with an end.
CREATE TABLE blocks (
    id          TEXT   PRIMARY KEY,
    caller_ref  TEXT   NOT NULL,
    call_id     TEXT   NOT NULL,
    line        TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    state       TEXT   NOT NULL, -- proposed, approved, refused, lifted
    proposed_ms BIGINT NOT NULL,
    proposed_by TEXT   NOT NULL,
    decided_ms  BIGINT NOT NULL,
    decided_by  TEXT   NOT NULL,
    expires_ms  BIGINT NOT NULL, -- of an approved one
    lifted_ms   BIGINT NOT NULL,
    lifted_by   TEXT   NOT NULL
);
CREATE INDEX blocks_caller ON blocks (caller_ref, state, expires_ms);
CREATE INDEX blocks_state ON blocks (state, proposed_ms);
