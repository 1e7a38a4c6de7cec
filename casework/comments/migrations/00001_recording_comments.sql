-- +goose Up
-- What people wrote at a moment of a recording. Written once; who wrote it may withdraw it, which takes the words away.
CREATE TABLE recording_comments (
    id           TEXT   PRIMARY KEY,
    recording    TEXT   NOT NULL, -- the call's id; where no call is known, the part's
    at_ms        BIGINT NOT NULL, -- on the recording's time line
    by_who       TEXT   NOT NULL,
    made_ms      BIGINT NOT NULL,
    withdrawn_ms BIGINT NOT NULL,
    text         BYTEA            -- sealed; gone with the withdrawal
);
CREATE INDEX recording_comments_of ON recording_comments (recording, at_ms);
