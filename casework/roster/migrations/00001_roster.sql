-- +goose Up
-- Which version of the roster holds for which days. The newest row that has a day decides.
CREATE TABLE roster_publications (
    n         BIGINT PRIMARY KEY,
    version   BIGINT NOT NULL,
    from_date TEXT   NOT NULL,
    to_date   TEXT   NOT NULL, -- the first day that is not in it
    from_ms   BIGINT NOT NULL,
    to_ms     BIGINT NOT NULL,
    at_ms     BIGINT NOT NULL,
    by_who    TEXT   NOT NULL,
    note      TEXT   NOT NULL
);
-- Addresses by which a person's calendar program reads the own shifts.
CREATE TABLE roster_feeds (
    token_hash TEXT   PRIMARY KEY,
    person     TEXT   NOT NULL,
    made_ms    BIGINT NOT NULL,
    revoked_ms BIGINT NOT NULL -- 0: not revoked
);
CREATE INDEX roster_feeds_person ON roster_feeds (person);
