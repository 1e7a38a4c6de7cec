-- +goose Up
-- What who leads a shift tells every console.
CREATE TABLE broadcasts (
    id         TEXT    PRIMARY KEY,
    at_ms      BIGINT  NOT NULL,
    by_user    TEXT    NOT NULL,
    urgent     BOOLEAN NOT NULL,
    body       TEXT    NOT NULL,
    expires_ms BIGINT  NOT NULL,
    ended_ms   BIGINT  NOT NULL, -- taken back before its time; 0: not
    ended_by   TEXT    NOT NULL
);
CREATE INDEX broadcasts_expire ON broadcasts (expires_ms, ended_ms);
CREATE INDEX broadcasts_at ON broadcasts (at_ms);
-- Who has read it, and when. The first reading stays.
CREATE TABLE broadcast_reads (
    broadcast TEXT   NOT NULL,
    user_id   TEXT   NOT NULL,
    at_ms     BIGINT NOT NULL,
    PRIMARY KEY (broadcast, user_id)
);
