-- +goose Up
-- Copies of recordings that somebody asked for. Who asked, who decided and which mark the copy carries stays when the recording is erased: a copy that turns
-- up later must still be traced.
CREATE TABLE recording_exports (
    id         TEXT   PRIMARY KEY,
    recording  TEXT   NOT NULL, -- the call's id; where no call is known, the part's
    from_ms    BIGINT NOT NULL, -- on the recording's time line
    to_ms      BIGINT NOT NULL,
    by_who     TEXT   NOT NULL,
    asked_ms   BIGINT NOT NULL,
    reason     BYTEA,           -- sealed; NULL once the recording is erased
    decided_by TEXT   NOT NULL, -- empty: nobody yet
    decided_ms BIGINT NOT NULL,
    granted    BOOLEAN NOT NULL,
    why        BYTEA,           -- sealed: why it was refused
    until_ms   BIGINT NOT NULL, -- decide, or fetch, before
    fetched_ms BIGINT NOT NULL, -- 0: not fetched
    mark       BYTEA  NOT NULL  -- the seed of the mark in the copy; says nothing of the caller
);
CREATE INDEX recording_exports_asked ON recording_exports (asked_ms, id);
CREATE INDEX recording_exports_of ON recording_exports (recording);
