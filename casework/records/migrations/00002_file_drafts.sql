-- +goose Up
-- What somebody is writing of a person: a safety plan, a profile. Sealed whole, replaced at each pause of typing, gone when it is saved.
CREATE TABLE file_drafts (
    file_id TEXT   NOT NULL,
    kind    TEXT   NOT NULL, -- safety, profile
    author  TEXT   NOT NULL,
    base    BIGINT NOT NULL, -- version of what it was begun from; 0: none, or what is kept without versions
    rev     BIGINT NOT NULL, -- the page's own numbering: what arrives late replaces nothing
    at_ms   BIGINT NOT NULL,
    sealed  BYTEA  NOT NULL,
    PRIMARY KEY (file_id, kind, author)
);
CREATE INDEX file_drafts_author ON file_drafts (author, at_ms);
