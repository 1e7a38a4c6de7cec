-- +goose Up
-- Files that a person gave, read and compared, until they are applied or a day is over.
CREATE TABLE import_previews (
    id         TEXT   PRIMARY KEY,
    kind       TEXT   NOT NULL,
    by_who     TEXT   NOT NULL,
    made_ms    BIGINT NOT NULL,
    base       BIGINT NOT NULL, -- version of the document that it was compared with
    plan       TEXT   NOT NULL, -- JSON: what is to be written; empty once it was
    summary    TEXT   NOT NULL, -- JSON: how many rows are new, changed, unchanged and wrong
    applied_ms BIGINT NOT NULL, -- 0: not yet
    version    BIGINT NOT NULL  -- that it became; 0: none, or not yet
);
CREATE INDEX import_previews_made ON import_previews (made_ms);
