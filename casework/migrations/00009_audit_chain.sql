-- +goose Up
-- The chain over the audit: the digest of each row and of the digest before it. Apart from the rows, because those are never changed, not even to
-- be chained.
CREATE TABLE audit_chain (
    seq    BIGINT PRIMARY KEY,
    method TEXT   NOT NULL,
    digest BYTEA  NOT NULL
);
CREATE INDEX audit_action ON audit (action, seq);
CREATE INDEX audit_at ON audit (at_ms, seq);
