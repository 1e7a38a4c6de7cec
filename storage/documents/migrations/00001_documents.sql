-- +goose Up
-- Documents of the site (settings, phonebook, rosters), each a row of versions without holes.
CREATE TABLE documents (
    kind     TEXT   NOT NULL,
    n        BIGINT NOT NULL, -- from 1
    document TEXT   NOT NULL, -- JSON
    saved_ms BIGINT NOT NULL,
    saved_by TEXT   NOT NULL,
    note     TEXT   NOT NULL,
    origin   TEXT   NOT NULL,
    restored BIGINT NOT NULL,
    PRIMARY KEY (kind, n)
);
