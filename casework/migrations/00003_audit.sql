-- +goose Up
CREATE TABLE audit (
    seq    BIGINT PRIMARY KEY,
    at_ms  BIGINT NOT NULL,
    actor  TEXT   NOT NULL,
    role   TEXT   NOT NULL,
    action TEXT   NOT NULL,
    object TEXT   NOT NULL,
    reason TEXT   NOT NULL,
    remote TEXT   NOT NULL,
    detail TEXT   NOT NULL
);
CREATE INDEX audit_object ON audit (object, seq);
CREATE INDEX audit_actor ON audit (actor, seq);
-- The number of the newest row. Numbers have no holes: one that is missing was removed by someone.
CREATE TABLE audit_head (
    id  BIGINT PRIMARY KEY,
    seq BIGINT NOT NULL
);
INSERT INTO audit_head VALUES (1, 0);
