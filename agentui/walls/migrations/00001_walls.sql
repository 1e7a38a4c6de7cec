-- +goose Up
-- Big displays that may show the wallboard. The link's secret is kept as its hash only.
CREATE TABLE walls (
    id         TEXT   PRIMARY KEY,
    name       TEXT   NOT NULL,
    secret     TEXT   NOT NULL UNIQUE, -- SHA-256, hexadecimal
    made_ms    BIGINT NOT NULL,
    made_by    TEXT   NOT NULL,
    revoked_ms BIGINT NOT NULL,
    revoked_by TEXT   NOT NULL,
    seen_ms    BIGINT NOT NULL -- last used, to the minute; 0: never
);
