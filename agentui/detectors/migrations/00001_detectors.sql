-- +goose Up
-- Programs that may say that a call looks dangerous. The secret is kept as its hash only.
CREATE TABLE detectors (
    id         TEXT   PRIMARY KEY,
    name       TEXT   NOT NULL,
    secret     TEXT   NOT NULL UNIQUE, -- SHA-256, hexadecimal
    made_ms    BIGINT NOT NULL,
    made_by    TEXT   NOT NULL,
    revoked_ms BIGINT NOT NULL,
    revoked_by TEXT   NOT NULL,
    seen_ms    BIGINT NOT NULL -- last used, to the minute; 0: never
);
